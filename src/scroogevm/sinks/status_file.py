"""Writes the status to a file, replaced as a whole."""

from pathlib import Path

from scroogevm.files import replace_file
from scroogevm.offers.status import Status
from scroogevm.sinks.sink import OfferSink


class StatusFile(OfferSink):
    """Writes ``status.json``.

    Args:
        path: the file.
    """

    name = "status file"

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, status: Status, text: str) -> None:
        """Replace the file.

        Raises:
            OutputError: it cannot be written; the old one is there still.
        """
        del status
        replace_file(self._path, text, parents=True)
