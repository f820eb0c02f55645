"""Plug-ins by file name: a file in ``strategies/`` is a strategy, and so on.

Adding one edits no other file. A module ``n_sigma.py`` holds one public class, a frozen dataclass
whose fields are its parameters. Its name is ``n-sigma``.
"""

from scroogevm.registry.family import Family
from scroogevm.registry.parameters import Parameter, Plugin, parameter, parameters, plugged
from scroogevm.registry.spec import Spec

__all__ = ["Family", "Parameter", "Plugin", "Spec", "parameter", "parameters", "plugged"]
