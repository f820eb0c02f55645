"""Reserves disk space, because removing old samples needs some when the disk is full."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

RESERVE = "reserve"
SIZE = 16 * 2**20
"""Bytes: the log of SQLite grows to half of it before it is written into the file."""


class SetAside:
    """A file of zeros in a store, given up while its disk is full.

    Args:
        folder: of the store.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / RESERVE

    def keep(self) -> None:
        """Reserve the space if the disk has plenty, or else nothing."""
        with suppress(OSError):
            if self._path.exists() or shutil.disk_usage(self._path.parent).free < 2 * SIZE:
                return
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                os.posix_fallocate(handle, 0, SIZE)
            except OSError:
                self.release()
            finally:
                os.close(handle)

    @property
    def is_touched(self) -> bool:
        """Whether so little space is left that the log could need more than the reserve."""
        with suppress(OSError):
            return self._path.exists() and shutil.disk_usage(self._path.parent).free < SIZE / 2
        return False

    def release(self) -> None:
        """Give it up."""
        with suppress(OSError):
            self._path.unlink()
