"""Classifies files in and beside a directory to replace: own, of others, or left over."""

import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

LIST = ".scroogevm-files"
"""The list of the files of a directory that this program wrote, in JSON."""


def beside(target: Path, kind: str) -> Path:
    """The hidden directory of this process beside a place."""
    return target.with_name(f".{target.name}.{os.getpid()}.{kind}")


def write_list(folder: Path) -> None:
    """Write the list of the files of a directory, including ``LIST``."""
    files = sorted(str(path.relative_to(folder)) for path in _files(folder))
    (folder / LIST).write_text(json.dumps([*files, LIST], indent=1) + "\n", encoding="utf-8")


def own_files(folder: Path, nested: Sequence[str] = ()) -> set[Path]:
    """Paths on the list of a directory, relative to it; empty if there is no list.

    Args:
        folder: the directory; the list of its parent may name its files, too.
        nested: directories within it that have lists of their own.
    """
    own = {Path(name) / each for name in ("", *nested) for each in _listed(folder / name)}
    above = (Path(each) for each in _listed(folder.parent))
    own |= {path.relative_to(folder.name) for path in above if path.is_relative_to(folder.name)}
    return own


def foreign(folder: Path, nested: Sequence[str] = ()) -> Sequence[Path]:
    """Files in a directory that are on no list, relative to it."""
    own = own_files(folder, nested)
    found = sorted(path.relative_to(folder) for path in _files(folder))
    return [path for path in found if path not in own]


def _listed(folder: Path) -> Sequence[str]:
    with suppress(OSError, ValueError):
        found = json.loads((folder / LIST).read_text(encoding="utf-8"))
        return [each for each in found if isinstance(each, str)] if isinstance(found, list) else ()
    return ()


def _files(folder: Path) -> Iterator[Path]:
    """Everything below a directory that is not a directory itself; links are not followed."""
    for root, folders, files in os.walk(folder):
        for name in (*files, *(each for each in folders if (Path(root) / each).is_symlink())):
            yield Path(root) / name


def link(source: Path, target: Path) -> None:
    """Put a file also at a second place; its content is copied only if necessary.

    Raises:
        OSError: this is not possible.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)


def dispose(old: Path, target: Path, nested: Sequence[str]) -> None:
    """Remove a directory that was replaced; files of others are moved to the new one.

    Args:
        old: the directory.
        target: the new one.
        nested: directories within it that have lists of their own.
    """
    with suppress(OSError):  # files that cannot be moved stay in the hidden directory
        for name in foreign(old, nested):
            if not os.path.lexists(target / name):
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                (old / name).rename(target / name)
        shutil.rmtree(old, ignore_errors=True)


def recover(target: Path, nested: Sequence[str]) -> None:
    """Finish replacements of a directory whose process was killed while it moved them.

    The old directory is moved away only when the new one is complete: that one takes its place.

    Args:
        target: the place.
        nested: directories within it that have lists of their own.
    """
    for old in _leftovers(target, "old"):
        held = lock(old)
        if held is None:  # another process works on it
            continue
        part = old.with_suffix(".part")
        waits = lock(part)
        with suppress(OSError):
            if not target.exists():
                (old if waits is None else part).rename(target)
            if old.exists():
                dispose(old, target, nested)
        unlock(waits)
        unlock(held)


def clear_abandoned(target: Path, kind: str, but: Path | None = None) -> None:
    """Remove leftovers of killed processes; a running process holds a lock, on any machine."""
    for path in _leftovers(target, kind):
        held = lock(path) if path != but else None
        if held is not None:
            shutil.rmtree(path, ignore_errors=True)
        unlock(held)


def _leftovers(target: Path, kind: str) -> Sequence[Path]:
    """Hidden directories of processes beside a place, by name."""
    wanted = re.compile(rf"\.{re.escape(target.name)}\.\d+\.{kind}")
    with suppress(OSError):  # a directory that cannot be listed keeps its content
        return sorted(path for path in target.parent.iterdir() if wanted.fullmatch(path.name))
    return ()


def lock(folder: Path) -> int | None:
    """A lock that ends with the process; None if another has it, or locks are not supported."""
    handle = None
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        unlock(handle)
        return None
    return handle


def unlock(handle: int | None) -> None:
    """Release a lock, if there is one."""
    if handle is not None:
        os.close(handle)
