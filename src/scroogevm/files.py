"""Directories that appear whole or not at all, and files of settings."""

import errno
import fcntl
import os
import re
import shutil
import tomllib
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from scroogevm.errors import MisuseError, OutputError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class StagedDirectory(AbstractContextManager[Path]):
    """A directory filled beside its place and moved there when the block ends well.

    Whatever ends the block otherwise, an interrupt included, leaves the place as it was. Only a
    process that is killed leaves what it had filled, hidden beside the place, until the next one
    clears it away.

    Args:
        place: where the directory shall be.
        marker: a file that every such directory has: nothing else is ever overwritten.
        overwrite: whether a directory that is there already may be replaced.

    Raises:
        MisuseError: the place is taken.
        OutputError: it cannot be written, the disk is full, or the like.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with StagedDirectory(Path(folder) / "out", marker="m.txt") as staged:
    ...         _ = (staged / "m.txt").write_text("content")
    ...     (Path(folder) / "out" / "m.txt").read_text()
    'content'
    """

    def __init__(self, place: Path, marker: str, *, overwrite: bool = False) -> None:
        self.place = place
        self.marker = marker
        self.overwrite = overwrite

    def __enter__(self) -> Path:
        try:
            self._target = Path(os.path.realpath(self.place))  # a link stays a link
            self._refuse_taken()
            self._staged = self._target.with_name(f".{self._target.name}.{os.getpid()}.part")
            shutil.rmtree(self._staged, ignore_errors=True)
            self._staged.mkdir(parents=True)
        except OSError as error:
            raise self._unwritable(error) from None
        self._lock = _lock(self._staged)
        self._clear_abandoned()
        return self._staged

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                _flush(self._staged)
                self._move()
        except OSError as problem:
            raise self._unwritable(problem) from None
        finally:
            shutil.rmtree(self._staged, ignore_errors=True)
            _unlock(self._lock)
        if isinstance(error, Exception) and self._is_about_us(error):
            raise self._unwritable(error) from None

    def _refuse_taken(self) -> None:
        if not self._target.exists():
            return
        where = str(self.place)
        content = list(self._target.iterdir()) if self._target.is_dir() else [self._target]
        if content and not (self._target / self.marker).is_file():
            raise MisuseError(
                "exists and is not ours to replace",
                where=where,
                remedy=f"choose another place (ours would hold {self.marker})",
            )
        if content and not self.overwrite:
            raise MisuseError(
                "exists already", where=where, remedy="choose another place or add --force"
            )

    def _clear_abandoned(self) -> None:
        """Remove what killed processes left; a living one holds a lock, wherever it runs."""
        wanted = re.compile(rf"\.{re.escape(self._target.name)}\.\d+\.part")
        with suppress(OSError):  # a directory that cannot be listed keeps what is in it
            for path in self._target.parent.iterdir():
                if path != self._staged and wanted.fullmatch(path.name):
                    lock = _lock(path)
                    if lock is not None:
                        shutil.rmtree(path, ignore_errors=True)
                    _unlock(lock)

    def _move(self) -> None:
        old = self._staged.with_suffix(".old")
        replaced = self._target.exists()
        try:
            if replaced:
                self._target.rename(old)
            self._staged.rename(self._target)
        except BaseException:
            if replaced and not self._target.exists():
                old.rename(self._target)
            raise
        shutil.rmtree(old, ignore_errors=True)

    def _is_about_us(self, error: Exception) -> bool:
        """Whether it speaks of what is written here, not of some input that is read meanwhile."""
        name = getattr(error, "filename", None)
        if isinstance(name, str):
            return Path(name).is_relative_to(self._staged)
        return is_full(error)

    def _unwritable(self, error: Exception) -> OutputError:
        number = system_number(error)
        reason = os.strerror(number) if number else str(error)
        remedy = "free some space" if number in _FULL else "choose another place"
        return OutputError(f"cannot be written: {reason}", where=str(self.place), remedy=remedy)


def _lock(folder: Path) -> int | None:
    """A lock that ends with the process; None when another has it, or there are no locks here."""
    handle = None
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        _unlock(handle)
        return None
    return handle


def _unlock(handle: int | None) -> None:
    if handle is not None:
        os.close(handle)


def is_full(error: Exception) -> bool:
    """Whether the system has no more room for what is written."""
    return system_number(error) in _FULL


def system_number(error: Exception) -> int | None:
    """The system's number of an error, which Polars hides in words: ``(os error 28)``."""
    found = re.search(r"\(os error (\d+)\)", str(error))
    return int(found[1]) if found else getattr(error, "errno", None)


def _flush(folder: Path) -> None:
    """Have the disk write everything, which is when some find that they are full."""
    for path in (*folder.rglob("*"), folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def read_toml(path: Path) -> Mapping[str, Any]:
    """What a file of settings holds.

    Raises:
        MisuseError: it cannot be read.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MisuseError(f"cannot be read: {error.strerror}", where=str(path)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MisuseError(f"is not TOML: {error}", where=str(path)) from None
