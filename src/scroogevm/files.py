"""Writes files and directories completely or not at all, and reads settings files."""

import errno
import os
import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from scroogevm.errors import MisuseError, OutputError
from scroogevm.leftovers import (
    LIST,
    beside,
    clear_abandoned,
    dispose,
    foreign,
    link,
    lock,
    own_files,
    recover,
    unlock,
    write_list,
)

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class StagedDirectory(AbstractContextManager[Path]):
    """A directory filled beside its place and moved there when the block ends well.

    Whatever ends the block otherwise, an interrupt included, leaves the place as it was. A process
    that is killed leaves hidden directories beside the place; the next one that writes there
    finishes a replacement that had begun, and clears away the rest.

    Every such directory has a list of its files (``LIST``). Only these are replaced; other files
    that lie in a directory when it is replaced are carried over.

    Args:
        place: where the directory shall be.
        marker: a file that every such directory has: nothing else is ever overwritten.
        command: the command that writes such directories, for messages.
        overwrite: whether a directory that is there already may be replaced.
        nested: directories within it that further commands write, with lists of their own: they
            are replaced with it.

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

    def __init__(
        self,
        place: Path,
        marker: str,
        *,
        command: str = "scroogevm",
        overwrite: bool = False,
        nested: Sequence[str] = (),
    ) -> None:
        self.place = place
        self.marker = marker
        self.command = command
        self.overwrite = overwrite
        self.nested = nested

    def __enter__(self) -> Path:
        try:
            self._target = Path(os.path.realpath(self.place))  # a link stays a link
            recover(self._target, self.nested)
            refuse_taken(self.place, self.marker, self.command, overwrite=self.overwrite)
            self._staged = beside(self._target, "part")
            shutil.rmtree(self._staged, ignore_errors=True)
            self._staged.mkdir(parents=True)
        except OSError as error:
            raise self._unwritable(error) from None
        self._lock = lock(self._staged)
        clear_abandoned(self._target, "part", but=self._staged)
        return self._staged

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                write_list(self._staged)
                self._carry_over()
                _flush(self._staged)
                self._move()
        except OSError as problem:
            raise self._unwritable(problem) from None
        finally:
            shutil.rmtree(self._staged, ignore_errors=True)
            unlock(self._lock)
        if isinstance(error, Exception) and self._is_about_us(error):
            raise self._unwritable(error) from None

    def _carry_over(self) -> None:
        """Give the new directory what others put into the old one.

        Raises:
            MisuseError: something of others has the name of something of ours.
        """
        for name in foreign(self._target, self.nested):
            taken = [path for path in (name, *name.parents) if (self._staged / path).is_file()]
            if taken or os.path.lexists(self._staged / name):
                raise MisuseError(
                    "was not written by scroogevm, and a file of this name must be written",
                    where=str(self.place / name),
                    remedy="move it elsewhere",
                )
            link(self._target / name, self._staged / name)

    def _move(self) -> None:
        old = self._staged.with_suffix(".old")
        replaced = self._target.exists()
        held = lock(self._target) if replaced else None  # the lock stays on it under its new name
        try:
            if replaced:
                self._target.rename(old)
            self._staged.rename(self._target)
            _sync(self._target.parent)
            if replaced:
                dispose(old, self._target, self.nested)
        except BaseException:
            if replaced and not self._target.exists():
                old.rename(self._target)
            raise
        finally:
            unlock(held)

    def _is_about_us(self, error: Exception) -> bool:
        """Whether it speaks of what is written here, not of some input that is read meanwhile."""
        name = getattr(error, "filename", None)
        if isinstance(name, str):
            return Path(name).is_relative_to(self._staged)
        return is_full(error)

    def _unwritable(self, error: Exception) -> OutputError:
        return unwritable(error, self.place, "choose another directory")


def refuse_taken(place: Path, marker: str, command: str, *, overwrite: bool) -> None:
    """Refuse a place where something is that must not be replaced.

    Args:
        place: where a directory shall be.
        marker: a file that every such directory has.
        command: the command that writes such directories.
        overwrite: whether one that is there may be replaced.

    Raises:
        MisuseError: there is something.
        OSError: it cannot be looked at.
    """
    if not place.exists():
        return
    content = list(place.iterdir()) if place.is_dir() else [place]
    remedy = "choose another directory"
    if not content:
        return
    if not (place / marker).is_file():
        raise MisuseError(
            f"exists, and was not written by `{command}` (no {marker} in it)",
            where=str(place),
            remedy=remedy,
        )
    if not overwrite:
        raise MisuseError("exists already", where=str(place), remedy=f"{remedy} or add --force")
    if not own_files(place.resolve()):
        raise MisuseError(
            f"has no list of the files that `{command}` wrote there ({LIST})",
            where=str(place),
            remedy=f"delete it, or {remedy}",
        )


@contextmanager
def scratch_beside(place: Path) -> Iterator[Path]:
    """A directory for temporary files on the disk of ``place``; it goes when the block ends.

    What a killed process left of such directories goes, too.

    Raises:
        OSError: it cannot be made.
    """
    target = Path(os.path.realpath(place))
    clear_abandoned(target, "scratch")
    scratch = beside(target, "scratch")
    scratch.mkdir()
    held = lock(scratch)
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        unlock(held)


def replace_file(
    path: Path, content: str | bytes, *, mode: int | None = None, parents: bool = False
) -> None:
    """Replace a file as a whole: whoever reads it finds the old content or the new.

    It is written beside its place, under a hidden name. It is on the disk when this returns.

    Args:
        path: the file.
        content: what it shall hold; a text is written as UTF-8.
        mode: its permissions; None for those of any new file of this user.
        parents: whether folders that are not there are made.

    Raises:
        OutputError: it cannot be written; the old one is there still, unless the folder alone
            cannot be flushed to the disk.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    with replacing(path, parents=parents) as staged, staged.open("xb") as file:
        if mode is not None:
            os.fchmod(file.fileno(), mode)
        file.write(data)


@contextmanager
def replacing(path: Path, *, parents: bool = False) -> Iterator[Path]:
    """A hidden place beside a file for its new content, which is put there if the block ends well.

    Raises:
        OutputError: it cannot be written; nothing is left beside it.
    """
    staged = beside(path, "part")
    try:
        if parents:
            path.parent.mkdir(parents=True, exist_ok=True)
        staged.unlink(missing_ok=True)
        yield staged
        move_file(staged, path)
    except OSError as error:
        raise unwritable(error, path) from None
    finally:
        with suppress(OSError):
            staged.unlink(missing_ok=True)


def move_file(staged: Path, path: Path) -> None:
    """Put a file that was written beside its place there; it is on the disk when this returns.

    Raises:
        OSError: it cannot be put there.
    """
    _sync(staged)
    staged.replace(path)
    with suppress(PermissionError):  # a folder that may be written, but not listed
        _sync(path.parent)


def unwritable(
    error: Exception,
    place: Path,
    remedy: str = "choose a place in a folder that this user may write",
) -> OutputError:
    """The error of a place that cannot be written.

    Args:
        error: of the system or of Polars.
        place: which cannot be written.
        remedy: what helps, unless the disk is full.
    """
    number = system_number(error)
    reason = os.strerror(number) if number else str(error)
    remedy = "free some space" if number in _FULL else remedy
    return OutputError(f"cannot be written: {reason}", where=str(place), remedy=remedy)


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
        if not path.is_symlink() and (path.is_file() or path.is_dir()):
            _sync(path)


def _sync(path: Path) -> None:
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
    return to_toml(read_text(path), path)


def read_text(path: Path) -> str:
    """The text of a file of settings.

    Raises:
        MisuseError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise MisuseError(f"cannot be read: {error.strerror}", where=str(path)) from None
    except UnicodeDecodeError as error:
        raise MisuseError(f"is not TOML: {error}", where=str(path)) from None


def to_toml(text: str, path: Path) -> Mapping[str, Any]:
    """What the text of a file holds.

    Raises:
        MisuseError: it is not TOML.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise MisuseError(f"is not TOML: {error}", where=str(path)) from None
