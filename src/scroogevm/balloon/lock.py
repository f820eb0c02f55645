"""Prevents two companions of one machine from acting on the same node."""

import fcntl
import os
import tempfile
from contextlib import AbstractContextManager
from hashlib import blake2b
from pathlib import Path
from typing import Self

from scroogevm.errors import MisuseError


class NodeLock(AbstractContextManager["NodeLock"]):
    """Held while this process acts on a node.

    Args:
        uri: of the node's libvirt.

    Raises:
        MisuseError: another process of this machine acts on it.
    """

    def __init__(self, uri: str) -> None:
        self._uri = uri
        name = blake2b(uri.encode(), digest_size=8).hexdigest()
        folder = Path("/run/lock")
        if not os.access(folder, os.W_OK):
            folder = Path(tempfile.gettempdir())
        self._path = folder / f"scroogevm-balloon-{name}.lock"
        self._handle = -1

    def __enter__(self) -> Self:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            self._handle = os.open(self._path, flags, 0o600)
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.__exit__()
            raise MisuseError(
                "another companion acts on it",
                where=self._uri,
                remedy=f"stop that one; {self._path} is locked while it runs",
            ) from None
        return self

    def __exit__(self, *_: object) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
