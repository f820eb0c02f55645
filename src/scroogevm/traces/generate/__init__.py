"""Generates synthetic traces from VM size mixes; the same seed gives the same bytes."""

from scroogevm.traces.generate.mixes import MIXES, Mix
from scroogevm.traces.generate.scenarios import SCENARIOS, Scenario
from scroogevm.traces.generate.workload import Workload
from scroogevm.traces.generate.write import generate

__all__ = ["MIXES", "SCENARIOS", "Mix", "Scenario", "Workload", "generate"]
