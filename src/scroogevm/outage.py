"""Decides which problems are logged: once when something fails, not at every attempt."""


class Outage:
    """The time while something fails, again and again, until it works.

    Each different problem is new once in an outage; after ``LIMIT`` of them none is, since a text
    may differ each time.

    Attributes:
        problem: the newest one; empty while all works.

    >>> outage = Outage()
    >>> outage.note("timed out"), outage.note("timed out"), outage.note("refused")
    (True, False, True)
    >>> outage.end(), outage.end(), outage.note("timed out")
    (True, False, True)
    """

    LIMIT = 8

    def __init__(self) -> None:
        self.problem = ""
        self._noted: set[str] = set()

    def note(self, problem: str, kind: str = "") -> bool:
        """It failed; whether that is to be logged.

        Args:
            problem: what to show of it.
            kind: what makes two problems the same; their text without it.
        """
        self.problem = problem
        kind = kind or problem
        new = kind not in self._noted and len(self._noted) < self.LIMIT
        if new:
            self._noted.add(kind)
        return new

    def end(self) -> bool:
        """It works; whether it failed before."""
        failed = bool(self.problem)
        self.problem = ""
        self._noted.clear()
        return failed
