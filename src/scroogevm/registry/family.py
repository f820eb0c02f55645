"""A family of plug-ins: the modules of one package, found by their file names."""

import inspect
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from importlib import import_module
from types import ModuleType
from typing import Any

from scroogevm.errors import SpecError
from scroogevm.registry.parameters import Parameter, Plugin, parameters
from scroogevm.registry.spec import Spec


@dataclass(frozen=True)
class Family:
    """The plug-ins of one package.

    Attributes:
        package: where the modules are, such as ``scroogevm.strategies``.
        noun: what one of them is called in messages.
        owners: the resources for which a parameter may be given alone.
    """

    package: str
    noun: str
    owners: Sequence[str] = ()

    @cached_property
    def names(self) -> Sequence[str]:
        """Names of all plug-ins, sorted, without aliases."""
        home = import_module(self.package)
        modules = pkgutil.iter_modules(home.__path__)
        return sorted(module.name.replace("_", "-") for module in modules if module.name[0] != "_")

    @cached_property
    def aliases(self) -> dict[str, str]:
        """The name behind each alias."""
        return {alias: name for name in self.names for alias in self.load(name).aliases}

    def load(self, name: str) -> type[Plugin]:
        """The class of a plug-in.

        Raises:
            SpecError: no plug-in has this name.
        """
        if name not in self.names:
            if name in self.aliases:
                return self.load(self.aliases[name])
            known = [*self.names, *self.aliases]
            near = get_close_matches(name, known, n=1)
            raise SpecError(
                f"unknown {self.noun} {name!r}",
                remedy=f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}",
            )
        return _plugin(import_module(f"{self.package}.{name.replace('-', '_')}"))

    def build(self, spec: Spec | str, resource: str = "") -> Any:
        """Build a plug-in from its spec, with the defaults of a resource.

        A parameter may be given for one resource alone: ``percentile:cpu.p=95``.

        Raises:
            SpecError: unknown name or parameter, or a value that does not fit.
        """
        spec = Spec.parse(spec) if isinstance(spec, str) else spec
        plugin = self.load(spec.name)
        try:
            return plugin(**self._values(spec, plugin, resource))
        except SpecError as error:
            raise SpecError(
                error.problem,
                where=f"{self.noun} {spec}" + (f": {error.where}" if error.where else ""),
                remedy=error.remedy,
            ) from None

    def _values(self, spec: Spec, plugin: type[Plugin], resource: str) -> dict[str, Any]:
        known = {item.name: item for item in parameters(plugin)}
        values = dict(plugin.resource_defaults.get(resource, {}))
        inner = self._inner(spec, known, resource)
        values |= inner
        # A value for one resource takes precedence over a value for all.
        for key in sorted(spec.pairs, key=lambda key: "." in key):
            owner, _, name = key.rpartition(".")
            if name not in known:
                raise SpecError(f"unknown parameter {key!r}", remedy=_listed(known))
            if "." in key and owner not in self.owners:
                raise SpecError(
                    f"unknown resource in {key!r}", remedy=f"resources: {', '.join(self.owners)}"
                )
            if name in inner:
                raise SpecError(f"{name!r} is given twice", remedy="write it once")
            if owner in ("", resource):
                values[name] = self._value(known[name], spec.pairs[key], resource)
        for name, item in known.items():
            if item.default is None and name not in values:
                raise SpecError(f"{name!r} is missing", remedy=item.meaning)
        return values

    def _inner(self, spec: Spec, known: dict[str, Parameter], resource: str) -> dict[str, Any]:
        """Nested plug-ins written without a name go to the first parameter that takes one."""
        if not spec.inner:
            return {}
        slot = next((item for item in known.values() if item.nested), None)
        if slot is None or (len(spec.inner) > 1 and not slot.many):
            problem = f"unexpected {str(spec.inner[-1])!r}"
            raise SpecError(problem, remedy=_listed(known))
        built = [self._nested(slot, inner, resource) for inner in spec.inner]
        return {slot.name: tuple(built) if slot.many else built[0]}

    def _value(self, item: Parameter, value: Spec, resource: str) -> Any:
        if item.nested:
            built = self._nested(item, value, resource)
            return (built,) if item.many else built
        if value.inner or value.pairs:
            raise SpecError(f"{value} is not a plain value", where=item.name)
        return item.read(value.name)

    def _nested(self, item: Parameter, value: Spec, resource: str) -> Any:
        noun = self.noun if item.kind == self.package else item.name.replace("_", " ")
        return replace(self, package=item.kind, noun=noun).build(value, resource)


def _plugin(module: ModuleType) -> type[Plugin]:
    """The one public plug-in class that a module defines."""
    found = [
        item
        for name, item in inspect.getmembers(module, inspect.isclass)
        if issubclass(item, Plugin) and item.__module__ == module.__name__ and name[0] != "_"
    ]
    if len(found) != 1:
        raise TypeError(f"{module.__name__} must define one public plug-in, it has {len(found)}")
    return found[0]


def _listed(known: dict[str, Parameter]) -> str:
    return f"parameters: {', '.join(known)}" if known else "it takes none"
