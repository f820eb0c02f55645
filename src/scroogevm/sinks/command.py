"""Starts a command for each status, with the offers on its stdin."""

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress

from scroogevm.errors import OutputError
from scroogevm.offers.status import Status
from scroogevm.sinks.sink import OfferSink
from scroogevm.text import plain

_SHOWN = 300


class OfferCommand(OfferSink):
    """Starts a command, without a shell, and waits for its end.

    The environment has ``SCROOGEVM_WINDOW``, the number of the window. Exit code 0 says that the
    status arrived; otherwise the newest one is given to it again.

    Args:
        words: the command line.
        seconds: how long it may take; then it and what it started are killed.
    """

    name = "command"

    def __init__(self, words: Sequence[str], seconds: float = 60.0) -> None:
        self._words = words
        self._seconds = seconds

    def send(self, status: Status, text: str) -> None:
        """Start it.

        Raises:
            OutputError: it cannot be started, fails, or takes too long.
        """
        try:
            process = subprocess.Popen(  # noqa: S603  # the operator's own command
                list(self._words),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env={**os.environ, "SCROOGEVM_WINDOW": str(status.window)},
                start_new_session=True,
            )
        except OSError as error:
            raise OutputError(f"cannot be started: {plain(error)}", where=self._words[0]) from None
        try:
            _, said = process.communicate(text.encode(), timeout=self._seconds)
        except subprocess.TimeoutExpired:
            raise OutputError(
                f"takes longer than {self._seconds:g} s and was killed", where=self._words[0]
            ) from None
        finally:
            with suppress(ProcessLookupError):  # what it left behind, if anything
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            for pipe in (process.stdin, process.stderr):
                if pipe is not None:
                    with suppress(BrokenPipeError):
                        pipe.close()
        if process.returncode:
            last = said.decode(errors="replace").strip().splitlines()[-1:]
            why = f": {last[0][:_SHOWN]}" if last else ""
            raise OutputError(f"ends with {process.returncode}{why}", where=self._words[0])
