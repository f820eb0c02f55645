"""A file is replaced as a whole, and nothing is left beside it."""

import errno
import os
from pathlib import Path

import pytest

from scroogevm.errors import OutputError
from scroogevm.files import replace_file, replacing


def test_the_new_content_replaces_the_old_and_is_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.prom"
    replace_file(path, "old 1\n")
    replace_file(path, "größer 2\n".encode())
    assert path.read_text("utf-8") == "größer 2\n"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_a_mode_that_is_given_holds_whatever_the_umask_is(tmp_path: Path, mode: int) -> None:
    before = os.umask(0o027)
    try:
        replace_file(tmp_path / "given", "", mode=mode)
        replace_file(tmp_path / "usual", "")
    finally:
        os.umask(before)
    assert (tmp_path / "given").stat().st_mode & 0o777 == mode
    assert (tmp_path / "usual").stat().st_mode & 0o777 == 0o640


def opened(handle: int) -> str:
    return str(Path(f"/proc/self/fd/{handle}").readlink())


def test_file_and_folder_are_flushed_in_this_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda n: flushed.append(opened(n)))
    replace_file(tmp_path / "x", "new")
    assert flushed == [f"{tmp_path}/.x.{os.getpid()}.part", str(tmp_path)]


def test_a_full_disk_is_said_and_the_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.prom"
    replace_file(path, "old 1\n")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left on device; free some space"):
        replace_file(path, "new 1\n")
    assert path.read_text() == "old 1\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_told_or_made(tmp_path: Path) -> None:
    path = tmp_path / "none" / "x"
    with pytest.raises(OutputError, match=r"cannot be written: No such file .*; choose a place in"):
        replace_file(path, "new")
    replace_file(path, "new", parents=True)
    assert path.read_text() == "new"


def write_half(path: Path, end: type[BaseException] | BaseException) -> None:
    with replacing(path) as staged:
        staged.write_text("half")
        raise end


@pytest.mark.parametrize("end", [KeyboardInterrupt, ValueError, OSError(errno.EIO, "broken")])
def test_whatever_ends_the_writing_leaves_the_old_file_alone(
    tmp_path: Path, end: type[BaseException] | BaseException
) -> None:
    path = tmp_path / "x"
    path.write_text("old")
    with pytest.raises((KeyboardInterrupt, ValueError, OutputError)):
        write_half(path, end)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_that_somebody_laid_beside_it_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("dear")
    (tmp_path / f".x.{os.getpid()}.part").symlink_to(victim)
    replace_file(tmp_path / "x", "new")
    assert victim.read_text() == "dear"
    assert not (tmp_path / "x").is_symlink()
