"""Runs ``scroogevm placement`` in this process."""

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from scroogevm.cli import cli
from scroogevm.files import replace_file
from scroogevm.offers.status import Status
from scroogevm.statusfile import to_json


class Operator:
    """Types commands, with a status file and a data directory.

    Args:
        folder: of both.
        words: options that every command has.
    """

    def __init__(self, folder: Path, *words: str) -> None:
        self.file = folder / "status.json"
        self.data = folder / "data"
        self._words = ("--data", str(self.data), "--rate", "100000", "--share", "1", *words)

    def tell(self, status: Status) -> None:
        """Write the status file."""
        replace_file(self.file, to_json(status))

    def type(self, *words: str, code: int | None = 0) -> str:
        """What a command prints; another exit code is a failure, unless any will do (None)."""
        reads = words[0] in ("doctor", "plan", "adopt", "apply")
        more = ("--file", str(self.file)) if reads else ()
        done = CliRunner().invoke(cli, ["placement", *words, *more, *self._words])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert code is None or done.exit_code == code, done.output
        return done.output

    def json(self, *words: str, code: int = 0) -> Any:
        """The same, as a program reads it."""
        return json.loads(self.type(*words, "--json", code=code))
