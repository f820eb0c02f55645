"""The journal keeps a window whole, or not at all."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from scroogevm.errors import MisuseError, OutputError
from scroogevm.journal import Commit, Event, Journal
from scroogevm.offers.status import NodeHold


def _commit(number: int, **more: object) -> Commit:
    state = {"all/0": {"usage": np.full((3, 4), float(number)), "names": np.arange(4.0)}}
    return Commit(number, 60.0 * number, 60.0 * number + 5, state, **more)  # type: ignore[arg-type]


def test_what_was_committed_is_there_when_it_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "data" / "journal.sqlite"
    with Journal(path) as journal:
        assert (journal.last, journal.status, journal.state()) == (None, None, {})
        journal.commit(_commit(1, status="{}"))
        event = Event(0, 125.0, "state", "n1", "n1 is ok")
        (kept,) = journal.commit(
            _commit(
                2,
                events=[event],
                history={"all/0": {"free": np.array([1.0, np.nan])}},
                days={(0, "all/0"): {"sums": np.ones(3)}},
            )
        )
        journal.hold("n2", NodeHold("ann", 7.0, "maintenance", {"cpu": 2.0}))
    with Journal(path) as journal:
        assert (journal.last, journal.status) == (2, "{}")
        assert journal.state()["all/0"]["usage"].tolist() == [[2.0] * 4] * 3
        assert journal.events() == [kept]
        assert journal.events(after=kept.id) == []
        assert journal.holds == {"n2": NodeHold("ann", 7.0, "maintenance", {"cpu": 2.0})}
        assert (journal.unhold("n2"), journal.unhold("n2"), journal.holds) == (True, False, {})
        ((end, place, arrays),) = journal.history(["all/0"], 0.0, 1e9)
        assert (end, place, arrays["free"].tolist()[0]) == (120.0, "all/0", 1.0)
        assert journal.days(0, 1)["all/0"]["sums"].tolist() == [1.0, 1.0, 1.0]
        journal.forget(1e9, 1, 1e9)
        assert journal.events() == []
        assert list(journal.history(["all/0"], 0.0, 1e9)) == []
        assert (journal.days(0, 1), journal.last) == ({}, 2)


def test_arrays_that_stay_are_not_written_again(tmp_path: Path) -> None:
    with Journal(tmp_path / "j") as journal:
        for number in (1, 2):
            journal.commit(_commit(number))
        blobs = journal._one("SELECT count(*) FROM blobs")
        assert blobs == 2
        journal.commit(Commit(3, 180.0, 181.0, {}, dropped=["all/0"]))
        assert journal.state() == {}
        assert journal._one("SELECT count(*) FROM blobs") == 0


def test_a_commit_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with Journal(tmp_path / "j") as journal:
        journal.commit(_commit(1))
        with pytest.raises(MisuseError, match="numbers"):
            journal.commit(_commit(2, history={"all/0": {"bad": np.array([object()])}}))
        assert journal.last == 1
        assert journal.state()["all/0"]["usage"][0, 0] == 1.0
        with pytest.raises(MisuseError):
            journal.commit(_commit(1))  # a window is judged once
        assert journal.last == 1


def test_one_process_writes(tmp_path: Path) -> None:
    with (
        Journal(tmp_path / "j"),
        pytest.raises(MisuseError, match="written by another process"),
    ):
        Journal(tmp_path / "j")


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "j"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(MisuseError, match=r"is damaged.*move it away"):
        Journal(path)
    with Journal(tmp_path / "k") as journal:
        journal._db.execute("UPDATE meta SET value = '99' WHERE key = 'version'")
    with pytest.raises(MisuseError, match="version 99"):
        Journal(tmp_path / "k")


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        Journal(tmp_path / "file" / "j")


_WRITER = """
import sys
from pathlib import Path
import numpy as np
from scroogevm.journal import Commit, Journal
with Journal(Path(sys.argv[1])) as journal:
    number = (journal.last or 0) + 1
    while True:
        usage = np.random.default_rng(number).random((200, 50))
        state = {f"p/{at}": {"usage": usage + at, "number": np.array([number])} for at in range(4)}
        journal.commit(Commit(number, number, number, state, status=str(number)))
        print(number, flush=True)
        number += 1
"""


def test_a_killed_writer_leaves_a_whole_window_and_all_that_was_told(tmp_path: Path) -> None:
    path = tmp_path / "j"
    for told in (1, 3, 5):
        writer = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        said = [int(writer.stdout.readline()) for _ in range(told)][-1]
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        with Journal(path) as journal:
            last = journal.last
            assert last is not None
            assert last >= said
            assert journal.status == str(last)
            usage = np.random.default_rng(last).random((200, 50))
            for at in range(4):
                arrays = journal.state()[f"p/{at}"]
                assert arrays["number"].tolist() == [last]
                assert np.array_equal(arrays["usage"], usage + at)
