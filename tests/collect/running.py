"""A collector, or a service, in a process of its own."""

import os
import re
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from commands import SCROOGEVM
from servers import LIMIT, wait


class Running:
    """``scroogevm collect`` with some words; ended at the end of a ``with``.

    Args:
        folder: where it runs, and writes what it says.
        words: after ``collect``.
        before: between ``scroogevm`` and the command.
        command: another one.
    """

    def __init__(
        self,
        folder: Path,
        *words: str | Path,
        before: Sequence[str | Path] = (),
        command: str = "collect",
    ) -> None:
        self.folder = folder
        self._log = folder / "collect.log"
        with self._log.open("ab") as log:
            self.began = log.tell()
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", SCROOGEVM, *before, command, *words],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )

    @property
    def said(self) -> list[str]:
        """Its lines so far, the last one only when it is whole."""
        text = self._log.read_bytes()[self.began :].decode()
        return text.split("\n")[:-1]

    def hears(self, pattern: str) -> re.Match[str]:
        """Wait until a line has it."""

        def found() -> re.Match[str] | None:
            if self._process.poll() is not None:
                raise RuntimeError(f"it ended with {self._process.returncode}: {self.said}")
            return next((m for m in (re.search(pattern, line) for line in self.said) if m), None)

        match: re.Match[str] = wait(found, pattern)
        return match

    def kept(self, node: str) -> list[float]:
        """Times of the samples of a node that it says it kept (with ``-v``)."""
        lines = (line.split() for line in self.said)
        return [float(w[2]) for w in lines if w[:2] == ["kept:", node] and len(w) == 5]

    def figures(self) -> dict[str, float]:
        """Its own metrics (with ``--listen 127.0.0.1:0``)."""
        url = self.hears(r"own metrics: (\S+)")[1]
        lines = httpx.get(url).raise_for_status().text.splitlines()
        pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
        return {name: float(value) for name, _, value in pairs}

    @property
    def peak(self) -> float:
        """Largest resident memory so far, MiB."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(re.findall(r"VmHWM:\s*(\d+)", status)[0]) / 1024

    def send(self, number: int) -> None:
        self._process.send_signal(number)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it; what it ends with."""
        self._process.send_signal(number)
        return self._process.wait(LIMIT)

    def wait(self) -> int:
        return self._process.wait(LIMIT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()
