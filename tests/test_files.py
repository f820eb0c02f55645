"""Directories appear whole or not at all, whatever ends the writing."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from scroogevm.errors import MisuseError, OutputError
from scroogevm.files import StagedDirectory, scratch_beside
from scroogevm.leftovers import LIST

FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="the system has no /dev/full")


def tree(folder: Path) -> dict[str, str]:
    """Every file below a folder, hidden ones but the list of files too, with its content."""
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != LIST
    }


def fill(place: Path, text: str, *, overwrite: bool = False) -> None:
    with StagedDirectory(place, "mark.json", overwrite=overwrite) as staged:
        (staged / "mark.json").write_text("{}")
        (staged / "deep").mkdir()
        (staged / "deep" / "data.txt").write_text(text)


def test_a_directory_appears_when_the_block_ends_well(tmp_path: Path) -> None:
    place = tmp_path / "some" / "where" / "out"
    with StagedDirectory(place, "mark.json") as staged:
        (staged / "mark.json").write_text("{}")
        assert not place.exists()
    assert tree(tmp_path) == {"some/where/out/mark.json": "{}"}


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt, SystemExit, ValueError("no"), MisuseError("no"), MemoryError]
)
@pytest.mark.parametrize("was_there", [False, True])
def test_whatever_ends_the_block_leaves_the_place_as_it_was(
    tmp_path: Path, error: type[BaseException] | BaseException, *, was_there: bool
) -> None:
    place = tmp_path / "out"
    if was_there:
        fill(place, "old")
    before = tree(tmp_path)
    kind = error if isinstance(error, type) else type(error)
    with pytest.raises(kind), StagedDirectory(place, "mark.json", overwrite=True) as staged:  # noqa: PT012  # the block is the subject
        (staged / "mark.json").write_text("new")
        raise error
    assert tree(tmp_path) == before
    assert place.exists() == was_there
    assert os.listdir(tmp_path) == ["out"] * was_there  # noqa: PTH208  # names alone


def test_our_directory_is_replaced_only_when_told_to_and_then_whole(tmp_path: Path) -> None:
    place = tmp_path / "out"
    fill(place, "old")
    with pytest.raises(MisuseError, match=r"exists already; .* or add --force"):
        fill(place, "new")
    assert (place / "deep" / "data.txt").read_text() == "old"
    fill(place, "new", overwrite=True)
    assert tree(tmp_path) == {"out/mark.json": "{}", "out/deep/data.txt": "new"}


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_is_not_ours_is_never_replaced(tmp_path: Path, *, overwrite: bool) -> None:
    place = tmp_path / "home"
    place.mkdir()
    (place / "thesis.tex").write_text("years")
    with pytest.raises(MisuseError, match="was not written by"):
        fill(place, "new", overwrite=overwrite)
    with pytest.raises(MisuseError, match="was not written by"):
        fill(place / "thesis.tex", "new", overwrite=overwrite)
    assert tree(tmp_path) == {"home/thesis.tex": "years"}


@pytest.mark.parametrize("place", ["/", "/usr/.."])
def test_the_root_is_not_ours(place: str) -> None:
    with pytest.raises(MisuseError, match="was not written by"):
        fill(Path(place), "new", overwrite=True)


def test_an_empty_directory_and_the_one_we_stand_in_may_be_filled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "out"
    place.mkdir()
    monkeypatch.chdir(place)
    fill(Path(), "new")
    assert tree(tmp_path) == {"out/mark.json": "{}", "out/deep/data.txt": "new"}


def test_what_a_killed_process_left_is_cleared_away_and_nothing_else(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from scroogevm.files import StagedDirectory\n"
        "with StagedDirectory(Path(sys.argv[1]), 'mark.json') as staged:\n"
        "    (staged / 'data.txt').write_text('half')\n"
        "    print(flush=True)\n"
        "    sys.stdin.read()\n"
    )
    words = [sys.executable, "-c", code, str(tmp_path / "out")]
    begun = [
        subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)
    ]
    for process in begun:
        assert process.stdout
        process.stdout.readline()
    killed, alive = begun
    killed.kill()
    killed.communicate()
    others = [".out.part", ".other.1.part", ".out.x.old", ".out.x.part"]
    for name in others:
        (tmp_path / name).mkdir()
    (tmp_path / ".out.2.part").symlink_to(tmp_path / ".other.1.part")
    fill(tmp_path / "out", "new")
    left = {f".out.{alive.pid}.part", ".out.2.part", *others}
    try:
        assert {path.name for path in tmp_path.iterdir()} == {"out", *left}
    finally:
        alive.kill()
        alive.communicate()


def test_what_others_put_into_a_directory_survives_its_replacement(tmp_path: Path) -> None:
    place = tmp_path / "out"
    fill(place, "old")
    (place / "ours-no-more.txt").write_text("")
    (place / LIST).write_text((place / LIST).read_text().replace("[", '["ours-no-more.txt",', 1))
    (place / "notes.txt").write_text("mine")
    (place / "deep" / "more").mkdir()
    (place / "deep" / "more" / "notes.txt").write_text("mine, too")
    (place / "latest").symlink_to("nowhere")
    fill(place, "new", overwrite=True)
    fill(place, "newer", overwrite=True)
    assert tree(place) == {
        "mark.json": "{}", "deep/data.txt": "newer",
        "notes.txt": "mine", "deep/more/notes.txt": "mine, too",
    }  # fmt: skip
    assert (place / "latest").is_symlink()
    assert os.listdir(tmp_path) == ["out"]  # noqa: PTH208  # names alone


def test_a_file_of_others_is_never_written_over(tmp_path: Path) -> None:
    place = tmp_path / "out"
    fill(place, "old")
    (place / "more.txt").write_text("mine")
    before = tree(tmp_path)

    def fill_more() -> None:
        with StagedDirectory(place, "mark.json", overwrite=True) as staged:
            (staged / "mark.json").write_text("{}")
            (staged / "more.txt").write_text("ours")

    with pytest.raises(MisuseError, match=r"more\.txt: was not written by scroogevm"):
        fill_more()
    assert tree(tmp_path) == before


def test_a_directory_without_a_list_of_its_files_is_not_replaced(tmp_path: Path) -> None:
    fill(tmp_path / "out", "old")
    (tmp_path / "out" / LIST).unlink()
    with pytest.raises(MisuseError, match="has no list of the files"):
        fill(tmp_path / "out", "new", overwrite=True)


def test_a_directory_within_that_has_a_list_of_its_own_is_replaced_too(tmp_path: Path) -> None:
    place = tmp_path / "out"
    fill(place, "old")
    fill(place / "figures", "drawn")
    (place / "figures" / "mine.txt").write_text("mine")
    with StagedDirectory(place, "mark.json", overwrite=True, nested=["figures"]) as staged:
        (staged / "mark.json").write_text("{}")
        (staged / "figures").mkdir()
        (staged / "figures" / "mark.json").write_text("drawn with the rest")
    assert tree(place) == {
        "mark.json": "{}", "figures/mark.json": "drawn with the rest", "figures/mine.txt": "mine",
    }  # fmt: skip
    fill(place / "figures", "again", overwrite=True)
    assert tree(place)["figures/deep/data.txt"] == "again"


KILLED = """
import os, signal, sys
from pathlib import Path
from scroogevm import files
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[2] == "between":
    rename = Path.rename
    Path.rename = lambda path, to: die() if path.name.endswith(".part") else rename(path, to)
else:
    files.dispose = die
with files.StagedDirectory(Path(sys.argv[1]), "mark.json", overwrite=True) as staged:
    (staged / "mark.json").write_text("new")
"""


@pytest.mark.parametrize("moment", ["between", "after"])
@pytest.mark.parametrize("lost", [False, True])
def test_a_replacement_that_was_killed_is_finished_by_the_next_one(
    tmp_path: Path, moment: str, *, lost: bool
) -> None:
    place = tmp_path / "out"
    fill(place, "old")
    (place / "notes.txt").write_text("mine")
    words = [sys.executable, "-c", KILLED, str(place), moment]
    assert subprocess.run(words, check=False).returncode == -signal.SIGKILL
    if lost and moment == "between":  # then the old one comes back
        (part,) = tmp_path.glob(".out.*.part")
        part.rename(tmp_path / "moved")
    with pytest.raises(MisuseError, match="exists already"):
        fill(place, "newest")
    expected = {"mark.json": "new", "notes.txt": "mine"}
    if lost and moment == "between":
        expected |= {"mark.json": "{}", "deep/data.txt": "old"}
    assert tree(place) == expected
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_scratch_of_a_killed_process_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / ".out.1.scratch").mkdir()
    (tmp_path / ".out.1.scratch" / "data").write_text("half")
    with scratch_beside(tmp_path / "out") as scratch:
        assert [path.name for path in tmp_path.iterdir()] == [scratch.name]
    assert not list(tmp_path.iterdir())


def test_a_link_is_followed_and_stays(tmp_path: Path) -> None:
    fill(tmp_path / "real", "old")
    (tmp_path / "link").symlink_to("real")
    fill(tmp_path / "link", "new", overwrite=True)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "deep" / "data.txt").read_text() == "new"
    assert sorted(os.listdir(tmp_path)) == ["link", "real"]  # noqa: PTH208  # names alone


def unwritable(tmp_path: Path) -> dict[str, Path]:
    (tmp_path / "file").write_text("")
    (tmp_path / "loop").symlink_to("loop")
    return {
        "below a file": tmp_path / "file" / "out",
        "a place of the system": Path("/proc/self/out"),
        "a name too long": tmp_path / ("x" * 300),
        "below a loop of links": tmp_path / "loop" / "out",
    }


@pytest.mark.parametrize(
    "way", ["below a file", "a place of the system", "a name too long", "below a loop of links"]
)
def test_an_unwritable_place_gives_one_line_that_names_it(tmp_path: Path, way: str) -> None:
    place = unwritable(tmp_path)[way]
    with pytest.raises(OutputError) as caught:
        fill(place, "new")
    assert caught.value.where == str(place)
    assert caught.value.problem.startswith("cannot be written: ")
    assert caught.value.remedy == "choose another directory"
    assert caught.value.exit_code == 1
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_parent_without_permission_gives_one_line(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="cannot be written: Permission denied"):
        fill(tmp_path / "out", "new")


def no_entry(path: Path) -> bool:
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def test_a_parent_that_may_not_even_be_looked_into_gives_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "exists", no_entry)
    with pytest.raises(OutputError, match="cannot be written: Permission denied"):
        fill(tmp_path / "out", "new")


def with_text(path: Path) -> None:
    path.write_text("x" * 100_000)


def with_parquet(path: Path) -> None:
    pl.DataFrame({"a": range(100_000)}).write_parquet(path)


def with_csv(path: Path) -> None:
    pl.DataFrame({"a": range(100_000)}).write_csv(path)


def fill_full(place: Path, write: Callable[[Path], None]) -> None:
    with StagedDirectory(place, "mark.json", overwrite=True) as staged:
        (staged / "data").symlink_to(FULL)
        write(staged / "data")


@needs_full
@pytest.mark.parametrize("write", [with_text, with_parquet, with_csv])
def test_a_full_disk_gives_one_line_and_leaves_the_old_content(
    tmp_path: Path, write: Callable[[Path], None]
) -> None:
    place = tmp_path / "out"
    fill(place, "old")
    before = tree(tmp_path)
    with pytest.raises(OutputError) as caught:
        fill_full(place, write)
    line = f"{place}: cannot be written: No space left on device; free some space"
    assert str(caught.value) == line
    assert tree(tmp_path) == before
    assert os.listdir(tmp_path) == ["out"]  # noqa: PTH208  # names alone


def test_a_disk_that_turns_out_full_when_flushed_leaves_the_old_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT), handle)

    fill(tmp_path / "out", "old")
    before = tree(tmp_path)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="free some space"):
        fill(tmp_path / "out", "new", overwrite=True)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("error", [OSError(errno.EIO, "Input/output error"), KeyboardInterrupt()])
def test_a_move_that_fails_half_way_puts_the_old_content_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    fill(tmp_path / "out", "old")
    before = tree(tmp_path)
    rename = Path.rename

    def failing(path: Path, target: Path) -> Path:
        if path.name.endswith(".part"):
            raise error
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", failing)
    wanted = OutputError if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(wanted):
        fill(tmp_path / "out", "new", overwrite=True)
    assert tree(tmp_path) == before


def test_an_input_that_cannot_be_read_is_not_blamed_on_the_output(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError), StagedDirectory(tmp_path / "out", "mark.json"):
        tmp_path.read_bytes()
    assert not tree(tmp_path)


def test_a_killed_writer_leaves_nothing_at_the_place(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path\n"
        "from scroogevm.files import StagedDirectory\n"
        "with StagedDirectory(Path(sys.argv[1]), 'mark.json', overwrite=True) as staged:\n"
        "    (staged / 'mark.json').write_text('new')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    fill(tmp_path / "out", "old")
    command = [sys.executable, "-c", program, str(tmp_path / "out")]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert (tmp_path / "out" / "deep" / "data.txt").read_text() == "old"
