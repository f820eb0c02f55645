"""Writes a file for node_exporter's textfile collector."""

import os
from contextlib import suppress
from pathlib import Path

from scroogevm.errors import OutputError
from scroogevm.files import is_full

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


def write_textfile(path: Path, content: str) -> None:
    """Replace a file as a whole: whoever reads it finds the old content or the new.

    It is written beside its place, under a name that no collector looks at. All may read it:
    collectors run as another user.

    Raises:
        OutputError: it cannot be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        beside.unlink(missing_ok=True)
        handle = os.open(beside, _NEW, 0o644)
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode("utf-8"))
            file.flush()
            os.fsync(handle)
        beside.replace(path)
    except OSError as error:
        remedy = "name a file in a folder that this user may write"
        raise OutputError(
            f"cannot be written: {error.strerror or error}",
            where=str(path),
            remedy="free some space" if is_full(error) else remedy,
        ) from None
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
