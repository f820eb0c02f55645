"""Runs tasks one after the other, in this process."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass

from scroogevm.ports import Executor, Result, Task


@dataclass(frozen=True)
class InProcess(Executor):
    """One chunk after the other, in this process."""

    formula = "in this process"

    def run(self, tasks: Iterable[Task[Result]]) -> Generator[Result, None, None]:
        """The result of each."""
        for task in tasks:
            yield task()
