"""Allows one writer: a lock that ends with its process."""

import fcntl
import os
from pathlib import Path

from scroogevm.errors import StoreError


class WriterLock:
    """A lock that is held until it is closed. The file beside the store names the holder.

    Args:
        path: the file; made if it is not there.

    Raises:
        StoreError: another writer holds it.
    """

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(self._handle, 0)
            os.pwrite(self._handle, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            holder = os.pread(self._handle, 20, 0).decode(errors="replace").strip()
            os.close(self._handle)
            if not isinstance(error, BlockingIOError):
                raise
            raise StoreError(
                f"is already written by process {holder or '(unknown)'}",
                where=str(path.parent),
                remedy="a store has one writer; stop the other one, or use another store",
                temporary=True,
            ) from None

    def close(self) -> None:
        """Let another write."""
        os.close(self._handle)
