"""Synthetic node traces from VM size mixes and usage classes, the same bytes for the same seed."""

from scroogevm.traces.generate.mixes import MIXES, Mix
from scroogevm.traces.generate.scenarios import SCENARIOS, Scenario
from scroogevm.traces.generate.workload import Workload
from scroogevm.traces.generate.write import generate

__all__ = ["MIXES", "SCENARIOS", "Mix", "Scenario", "Workload", "generate"]
