"""All exceptions that this program raises deliberately.

```
ScroogeError                 exit code 1: something failed
├── TraceError               a trace cannot be read, or has invalid numbers
├── OutputError              a file or directory cannot be written
├── StoreError               a store of samples cannot be reached, or gives an invalid answer
├── PlacementError           OpenStack's Placement cannot be reached, or refuses
├── ScrapeError              an exporter cannot be scraped
├── ProbeError               a node cannot be probed
├── MissingExtraError        an optional library is not installed
└── MisuseError              exit code 2: the request of the user is not valid
    └── SpecError            an unknown strategy, test or parameter
```

Each message is one line: the place, the problem, the correct form.
"""

from typing import Any, ClassVar


class ScroogeError(Exception):
    """One line for the user: ``where: problem; remedy``.

    Args:
        problem: what is wrong.
        where: file, line, field or node with the problem; empty if there is no such place.
        remedy: the correct form; empty if the problem already says it.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, problem: str, *, where: str = "", remedy: str = "") -> None:
        self.problem = problem
        self.where = where
        self.remedy = remedy
        line = f"{where}: {problem}" if where else problem
        super().__init__(f"{line}; {remedy}" if remedy else line)

    def __reduce__(self) -> tuple[Any, ...]:
        """Errors are passed between processes with all their parts."""
        return _rebuild, (type(self), self.args, self.__dict__)


class TraceError(ScroogeError):
    """A trace cannot be read, or has invalid numbers."""


class OutputError(ScroogeError):
    """A file or directory cannot be written."""


class StoreError(ScroogeError):
    """A store of samples cannot be reached, refuses, or gives an invalid answer.

    Attributes:
        temporary: whether the same request may succeed later.
    """

    def __init__(
        self, problem: str, *, where: str = "", remedy: str = "", temporary: bool = False
    ) -> None:
        super().__init__(problem, where=where, remedy=remedy)
        self.temporary = temporary


class PlacementError(ScroogeError):
    """OpenStack's Placement cannot be reached, or gives an invalid answer.

    Attributes:
        temporary: whether the same request may succeed later.
    """

    def __init__(
        self, problem: str, *, where: str = "", remedy: str = "", temporary: bool = False
    ) -> None:
        super().__init__(problem, where=where, remedy=remedy)
        self.temporary = temporary


class ScrapeError(ScroogeError):
    """An exporter cannot be scraped: it hangs, refuses, or gives an invalid answer."""


class ProbeError(ScroogeError):
    """A node cannot be probed."""


class MissingExtraError(ScroogeError):
    """An optional library is needed and not installed.

    Args:
        library: the import that failed.
        extra: the extra of this package that installs it.
        purpose: the feature that needs it.
    """

    def __init__(self, library: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs {library}, which is not installed",
            remedy=f"pip install 'scroogevm[{extra}]'",
        )


class MisuseError(ScroogeError):
    """The request of the user is not valid."""

    exit_code: ClassVar[int] = 2


class SpecError(MisuseError):
    """No plug-in of the family has this name or parameter."""


def _rebuild(kind: type[ScroogeError], args: tuple[Any, ...], content: Any) -> ScroogeError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(content)
    return error
