"""Parameters of plug-ins: declared once, checked when a plug-in is built, listed in the docs."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from numbers import Integral, Real
from sys import float_info
from typing import Any, ClassVar

from scroogevm.errors import SpecError

_KINDS: Mapping[str, type] = {"float": Real, "int": Integral, "bool": bool, "str": str}
_HUGE = float_info.max


class Plugin:
    """The base class of plug-ins: description and checked parameters.

    Attributes:
        formula: one line, in the words of the glossary.
        source: where it comes from.
        aliases: further names it answers to.
        resource_defaults: defaults that differ for a resource, by resource and parameter.
    """

    formula: ClassVar[str] = ""
    source: ClassVar[str] = ""
    aliases: ClassVar[Sequence[str]] = ()
    resource_defaults: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    def __post_init__(self) -> None:
        """Check every parameter against its declaration.

        Raises:
            SpecError: a value outside its range.
        """
        for item in parameters(type(self)):
            item.check(getattr(self, item.name))


@dataclass(frozen=True)
class Parameter:
    """One parameter of a plug-in.

    Attributes:
        name: as written in a spec.
        kind: ``float``, ``int``, ``bool``, ``str``, or the package of a nested plug-in.
        meaning: one line, with the unit.
        default: its default; None if it must be given.
        low: smallest allowed value; None for no bound.
        high: largest allowed value; None for no bound.
        many: whether it takes several nested plug-ins.
    """

    name: str
    kind: str
    meaning: str
    default: Any
    low: float | None
    high: float | None
    many: bool

    @property
    def nested(self) -> bool:
        """Whether its value is a plug-in itself."""
        return "." in self.kind

    @property
    def range(self) -> str:
        """Its range in words; empty if every value is allowed.

        >>> parameters(Plugin)
        []
        """
        low = "" if self.low is None else f"at least {self.low:g}"
        high = "" if self.high is None else f"at most {self.high:g}"
        return ", ".join(filter(None, (low, high)))

    def read(self, text: str) -> Any:
        """Convert the text of a user to a value.

        Raises:
            SpecError: the text is not of the parameter's kind.
        """
        try:
            if self.kind == "bool":
                return {"true": True, "yes": True, "false": False, "no": False}[text.lower()]
            return {"float": float, "int": int, "str": str}[self.kind](text)
        except (KeyError, ValueError):
            raise self._misfit(text) from None

    def check(self, value: Any) -> None:
        """Reject a value of another kind, or outside the range.

        Raises:
            SpecError: the value is not of the parameter's kind, not finite, or outside the range.
        """
        if self.many:
            fits = isinstance(value, tuple) and len(value) > 0
            fits = fits and all(isinstance(each, Plugin) for each in value)
        else:
            fits = isinstance(value, Plugin if self.nested else _KINDS[self.kind])
        if not fits or (isinstance(value, bool) and self.kind != "bool"):
            raise self._misfit(value)
        if self.kind not in ("float", "int"):
            return
        low = -_HUGE if self.low is None else self.low
        high = _HUGE if self.high is None else self.high
        if not low <= value <= high:  # NaN is neither
            raise SpecError(
                f"{value} is out of range", where=self.name, remedy=self.range or "a finite number"
            )

    def _misfit(self, value: Any) -> SpecError:
        wanted = {
            "float": "a number",
            "int": "a whole number",
            "bool": "true or false",
            "str": "text",
        }.get(self.kind, "a tuple of plug-ins" if self.many else "a plug-in")
        return SpecError(f"{value!r} is not {wanted}", where=self.name)


def parameter(
    default: Any, meaning: str, *, low: float | None = None, high: float | None = None
) -> Any:
    """Declare a parameter of a plug-in: a dataclass field with meaning and range."""
    return field(default=default, metadata={"meaning": meaning, "low": low, "high": high})


def plugged(package: str, default: Any = MISSING, *, meaning: str, many: bool = False) -> Any:
    """Declare a parameter whose value is a plug-in of ``package`` (or several of them)."""
    metadata = {"meaning": meaning, "package": package, "many": many}
    if default is MISSING:
        return field(metadata=metadata)
    return field(default=default, metadata=metadata)


def parameters(plugin: type) -> list[Parameter]:
    """The declared parameters of a plug-in class, in the order of declaration."""
    if not hasattr(plugin, "__dataclass_fields__"):
        return []
    return [_parameter(item) for item in fields(plugin) if "meaning" in item.metadata]


def _parameter(item: "Field[Any]") -> Parameter:
    kind = item.type if isinstance(item.type, str) else item.type.__name__
    return Parameter(
        name=item.name,
        kind=item.metadata.get("package", kind),
        meaning=item.metadata["meaning"],
        default=None if item.default is MISSING else item.default,
        low=item.metadata.get("low"),
        high=item.metadata.get("high"),
        many=item.metadata.get("many", False),
    )
