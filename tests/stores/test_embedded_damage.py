"""What the embedded store says of bytes that are damaged, strange, or cannot be packed."""

import re
import sqlite3
from pathlib import Path

import pytest

from commands import fails, scroogevm
from scroogevm.errors import StoreError
from stores.writing import NODES, fill, quick, sample


def spoil(location: str, table: str, column: str) -> None:
    """Turn a bit of one blob."""
    with sqlite3.connect(Path(location) / "samples.sqlite") as file:
        row = f"(SELECT rowid FROM {table} LIMIT 1 OFFSET 3)"  # noqa: S608  # our own names
        (blob,) = file.execute(f"SELECT {column} FROM {table} WHERE rowid = {row}").fetchone()  # noqa: S608  # likewise
        spoilt = bytes([*blob[:-1], blob[-1] ^ 1])
        file.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = {row}", (spoilt,))  # noqa: S608  # likewise
    file.close()


@pytest.mark.parametrize(
    ("table", "column"), [("part", "content"), ("chunk", "head"), ("recent", "content")]
)
def test_damage_is_named_and_the_rest_stays_readable(
    location: str, table: str, column: str
) -> None:
    fill(location, 200)
    spoil(location, table, column)
    with quick(location) as store:
        with pytest.raises(StoreError, match=r"node '[ab]': a checksum is wrong"):
            store.read(NODES, 0, 4e9, ("cpu", "cpu_usage"))
        said = fails_with_lines(location)
        assert said.count("\n") == 1
        assert "a checksum is wrong" in said
        (line,) = store.check(repair=True)
        assert line in said
        assert list(store.check()) == []
        left = len(store.read(NODES, 0, 4e9).nodes)
        assert 0 < 400 - left <= 15


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        ("UPDATE layout SET content = x'00' WHERE id = 2", "a checksum is wrong"),
        ("DELETE FROM layout WHERE id = 2", "layout 2 is missing"),
        ("DELETE FROM part WHERE rowid = 5", "cpu_usage is missing"),
        ("UPDATE chunk SET first = first + 1 WHERE id = 3", "its times differ from those"),
        ("UPDATE chunk SET samples = samples + 1 WHERE id = 3", "header check"),
        ("DELETE FROM node WHERE id = 2", "the name of the node is missing"),
    ],
)
def test_what_does_not_belong_together_is_found_and_removed(
    location: str, spoilt: str, said: str
) -> None:
    fill(location, 100)
    with sqlite3.connect(Path(location) / "samples.sqlite") as file:
        file.execute(spoilt)
    file.close()
    with quick(location) as store:
        lines = list(store.check())
        assert lines
        assert all(re.search(said, line) for line in lines)
        assert list(store.check(repair=True)) == lines
        assert list(store.check()) == []
        assert len(store.read(NODES, 0, 4e9).nodes) > 0


def test_a_spoilt_name_does_not_hide_its_samples(location: str) -> None:
    fill(location, 3)
    with sqlite3.connect(Path(location) / "samples.sqlite") as file:
        file.execute("UPDATE node SET name = x'61ff' WHERE id = 1")
    file.close()
    with quick(location) as store:
        names = store.nodes(0, 4e9)
        assert list(names) == ["a\\xff", "b"]
        assert len(store.read(names, 0, 4e9).nodes) == 6


def test_nothing_is_repaired_while_somebody_writes(location: str) -> None:
    fill(location, 100)
    spoil(location, "chunk", "head")
    with quick(location) as writes, quick(location) as repairs:
        writes.write([sample("a", 100)])
        with pytest.raises(StoreError, match="stop the writer before a repair"):
            list(repairs.check(repair=True))
        writes.close()
        assert len(list(repairs.check(repair=True))) == 1


def test_what_cannot_be_packed_is_told_once_and_stays(
    location: str, caplog: pytest.LogCaptureFixture
) -> None:
    with quick(location) as store:
        for number in range(10):
            store.write([sample("a", number)])
        spoil(location, "recent", "content")
        for number in range(10, 60):
            store.write([sample("a", number)])
        assert [record.message for record in caplog.records if "cannot be packed" in record.message]
        assert len(caplog.records) == 1
        (line,) = store.check(repair=True)
        assert "a checksum is wrong" in line
        store.write([sample("a", 60)])
        assert len(store.read(["a"], 0, 4e9).nodes) == 60


def test_a_store_that_cannot_tidy_says_so_once_and_keeps_what_it_is_given(
    location: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise StoreError("the disk is full", temporary=True)

    with quick(location) as store:
        with monkeypatch.context() as broken:
            broken.setattr("scroogevm.stores._embedded.compact.Compaction.step", refuse)
            for number in range(60):
                store.write([sample("a", number)])
        assert [record.message for record in caplog.records] == [
            "samples are kept, but not packed: the disk is full"
        ]
        store.write([sample("a", 60)])
        assert store.read(["a"], 0, 4e9).nodes.values["cpu"].tolist() == list(range(61))


def fails_with_lines(location: str) -> str:
    done = scroogevm("store", "check", location)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    return done.stdout


def test_a_file_that_is_no_store_is_refused(location: str) -> None:
    folder = Path(location)
    folder.mkdir()
    assert "there is no store" in fails(1, "store", "info", location)
    (folder / "samples.sqlite").write_bytes(b"no SQLite at all" * 100)
    assert "not a database" in fails(1, "store", "info", location)
    (folder / "samples.sqlite").unlink()
    with sqlite3.connect(folder / "samples.sqlite") as file:
        file.execute("CREATE TABLE other (a)")
    file.close()
    before = (folder / "samples.sqlite").read_bytes()
    assert "another program's" in fails(1, "store", "info", location)
    with quick(location) as store, pytest.raises(StoreError, match="another program's"):
        store.write([sample("a", 0)])
    assert (folder / "samples.sqlite").read_bytes() == before
    (folder / "samples.sqlite").write_bytes(b"")  # a first write that was cut off
    assert "no sample was written yet" in fails(1, "store", "info", location)
    with quick(location) as store:
        store.write([sample("a", 0)])
        assert store.nodes(0, 4e9) == ["a"]


@pytest.mark.parametrize("version", [1, 3])
def test_another_version_is_refused_and_left_as_it_is(location: str, version: int) -> None:
    fill(location, 1)
    path = Path(location) / "samples.sqlite"
    with sqlite3.connect(path) as file:
        file.execute(f"PRAGMA user_version = {version}")
    file.close()
    before = path.read_bytes()
    assert f"has version {version}, this program knows 2" in fails(1, "store", "info", location)
    with quick(location) as store, pytest.raises(StoreError, match="the release that wrote it"):
        store.write([sample("a", 1)])
    assert path.read_bytes() == before


def test_a_file_system_without_shared_memory_is_refused(
    location: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(
        "scroogevm.stores._embedded.database.sqlite3.connect",
        lambda where, **options: connect(f"{where}&vfs=unix-dotfile", **options),
    )
    with (
        quick(location) as store,
        pytest.raises(StoreError, match="keep the store on a local disk"),
    ):
        store.write([sample("a", 0)])
