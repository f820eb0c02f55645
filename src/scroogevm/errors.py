"""All exceptions that this program raises on purpose.

```
ScroogeError                 exit code 1: it went wrong
├── TraceError               a trace that cannot be read, or must not be believed
├── OutputError              a place that cannot be written
├── StoreError               a store of samples that cannot be reached, or gives no sense
├── PlacementError           OpenStack's Placement cannot be asked, or says no
├── ScrapeError              an exporter that cannot be scraped
├── ProbeError               a node that cannot be probed
├── MissingExtraError        an optional library is not installed
└── MisuseError              exit code 2: the user asked for something that makes no sense
    └── SpecError            an unknown strategy, test or parameter
```

Each message is one line: where it is wrong, what is wrong, what would be right.
"""

from typing import Any, ClassVar


class ScroogeError(Exception):
    """One line for the user: ``where: problem; remedy``.

    Args:
        problem: what is wrong.
        where: file, line, field or node at fault; empty when there is no such place.
        remedy: what would be right; empty when the problem says it already.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, problem: str, *, where: str = "", remedy: str = "") -> None:
        self.problem = problem
        self.where = where
        self.remedy = remedy
        line = f"{where}: {problem}" if where else problem
        super().__init__(f"{line}; {remedy}" if remedy else line)

    def __reduce__(self) -> tuple[Any, ...]:
        """Errors cross processes whole."""
        return _rebuild, (type(self), self.args, self.__dict__)


class TraceError(ScroogeError):
    """A trace that cannot be read, or whose numbers must not be believed."""


class OutputError(ScroogeError):
    """A place that cannot be written."""


class StoreError(ScroogeError):
    """A store of samples that cannot be reached, refuses, or answers what it should not.

    Attributes:
        temporary: whether the same may well succeed later.
    """

    def __init__(
        self, problem: str, *, where: str = "", remedy: str = "", temporary: bool = False
    ) -> None:
        super().__init__(problem, where=where, remedy=remedy)
        self.temporary = temporary


class PlacementError(ScroogeError):
    """OpenStack's Placement cannot be asked, or answers what it should not.

    Attributes:
        temporary: whether the same may well succeed later.
    """

    def __init__(
        self, problem: str, *, where: str = "", remedy: str = "", temporary: bool = False
    ) -> None:
        super().__init__(problem, where=where, remedy=remedy)
        self.temporary = temporary


class ScrapeError(ScroogeError):
    """An exporter that cannot be scraped: it hangs, refuses, or answers garbage."""


class ProbeError(ScroogeError):
    """A node that cannot be probed."""


class MissingExtraError(ScroogeError):
    """An optional library is needed and not installed.

    Args:
        library: the import that failed.
        extra: the extra of this package that brings it.
        purpose: what it is needed for.
    """

    def __init__(self, library: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs {library}, which is not installed",
            remedy=f"pip install 'scroogevm[{extra}]'",
        )


class MisuseError(ScroogeError):
    """The user asked for something that makes no sense."""

    exit_code: ClassVar[int] = 2


class SpecError(MisuseError):
    """A name or parameter that no plug-in of the family has."""


def _rebuild(kind: type[ScroogeError], args: tuple[Any, ...], content: Any) -> ScroogeError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(content)
    return error
