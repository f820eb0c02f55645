"""Provides a property that is computed once for an object and its copies."""

from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar, overload

T = TypeVar("T")


class Sharing(Protocol):
    """An object whose copies hold the same dictionary."""

    @property
    def shared(self) -> dict[str, Any]:
        """Values that were computed once."""


class computed_once(Generic[T]):  # noqa: N801  # used as a decorator, like cached_property
    """Like ``cached_property``, but kept in ``self.shared``, which copies share."""

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self.compute = compute
        self.__doc__ = compute.__doc__
        self.name = compute.__name__

    @overload
    def __get__(self, owner: None, kind: type) -> "computed_once[T]": ...
    @overload
    def __get__(self, owner: Sharing, kind: type) -> T: ...
    def __get__(self, owner: Sharing | None, kind: type) -> "computed_once[T] | T":
        if owner is None:
            return self
        if self.name not in owner.shared:
            owner.shared[self.name] = self.compute(owner)
        value: T = owner.shared[self.name]
        return value
