"""``scroogevm store``: what it says, and what it says to what makes no sense."""

import json
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from commands import fails, scroogevm
from scroogevm.core.duration import seconds
from scroogevm.core.samples import Sample
from scroogevm.errors import MisuseError
from scroogevm.stores import open_store
from scroogevm.stores._embedded.database import FILE
from scroogevm.stores.embedded import Embedded

START = 1_700_000_100


@pytest.fixture
def store(tmp_path: Path) -> str:
    """Two nodes, an hour, with a hole of ten minutes in one."""
    location = tmp_path / "a:b=c"
    with open_store(str(location), ["retention=0", "synced=no"]) as opened:
        for late in range(0, 3600, 10):
            hole = 1000 < late < 1600
            opened.write([
                Sample(node, START + late, {"cpu": 4.0}, ["v", "w"], {"cpu": np.ones(2)})
                for node in ("n1", "n2\x1b[31m")
                if not (hole and node == "n1")
            ])  # fmt: skip
    return str(location)


def test_info_says_what_there_is_and_what_is_missing(store: str) -> None:
    done = scroogevm("store", "info", f"embedded:{store}", "--json")
    said = json.loads(done.stdout)
    first, second = said["nodes"]
    assert said["bytes"] > 0
    assert (first["node"], first["samples"], first["vms"], first["interval"]) == ("n1", 301, 2, 10)
    assert (first["first"], first["last"]) == (START, START + 3590)
    assert first["holes"] == [[START + 1000, START + 1600]]
    assert first["missing"] == 600
    assert (second["samples"], second["holes"], second["missing"]) == (360, [], 0)


def test_a_table_shows_names_that_do_not_command_the_terminal(store: str) -> None:
    done = scroogevm("store", "info", store)
    assert "2 nodes, 661 samples" in done.stdout
    assert "2023-11-14 22:15:00" in done.stdout
    assert "\x1b" not in done.stdout


def test_a_sound_store_is_sound(store: str) -> None:
    done = scroogevm("store", "check", store)
    assert (done.returncode, done.stdout, done.stderr) == (0, "nothing is damaged\n", "")
    done = scroogevm("store", "check", store, "--json")
    assert json.loads(done.stdout) == {"damaged": [], "repaired": False}


def test_damage_is_listed_for_a_program_and_fails(store: str) -> None:
    database = sqlite3.connect(Path(store) / FILE)
    database.execute("UPDATE part SET content = x'00'")
    database.commit()
    database.close()
    done = scroogevm("store", "check", store, "--json")
    assert done.returncode == 1
    number = len(json.loads(done.stdout)["damaged"])
    assert number > 0
    repaired = scroogevm("store", "check", store, "--repair")
    assert f"{number} damaged, {number} removed" in repaired.stderr
    assert scroogevm("store", "check", store).returncode == 0


def test_info_says_of_which_time_it_speaks(store: str) -> None:
    done = scroogevm("store", "info", store, "--since", "2023-11-14T23:00")
    assert "2 nodes, 180 samples, since 2023-11-14 23:00:00 UTC" in done.stdout
    done = scroogevm("store", "info", store, "--since", "2023-11-15")
    assert "0 nodes, 0 samples, since" in done.stdout


def test_prune_keeps_what_is_young(store: str) -> None:
    done = scroogevm("store", "prune", store, "--before", "2023-11-14T22:45:00", "--json")
    assert json.loads(done.stdout)["removed"] == 301
    with open_store(store) as opened:
        times = opened.read(["n2\x1b[31m"], 0, 4e9).nodes.time
        assert times[0] == START + 1800
    done = scroogevm("store", "prune", store, "--keep", "1h")
    assert done.stdout.startswith("360 samples removed")
    assert "0 nodes" in scroogevm("store", "info", store).stdout


def test_a_collector_that_writes_is_not_in_the_way_of_prune(store: str) -> None:
    with open_store(store, ["retention=0", "synced=no"]) as opened:
        opened.write([Sample("n1", START + 4000, {"cpu": 4.0})])
        done = scroogevm("store", "prune", store, "--before", "2023-11-14T22:45:00")
        assert done.stdout.startswith("301 samples removed"), done
        opened.write([Sample("n1", START + 4010, {"cpu": 4.0}, ["x"], {"cpu": np.ones(1)})])
        assert opened.read(["n1"], START + 4000, 4e9).nodes.time.size == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("info", "/nowhere"), "/nowhere: there is no store"),
        (("check", "/nowhere"), "/nowhere: there is no store"),
        (("prune", "/nowhere", "--keep", "1d"), "/nowhere: there is no store"),
    ],
)
def test_a_store_that_is_not_there_fails(words: tuple[str, ...], said: str) -> None:
    assert said in fails(1, "store", *words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("info", "embeded:/x"), "did you mean 'embedded'?"),
        (("info", "http://host:9090"), "prometheus:http://host:9090"),
        (("info", "embedded:"), "is not a store"),
        (("info", "/x", "--since", "soon"), "--since: 'soon' is not a duration"),
        (("prune", "/x", "--keep", "soon"), "write 30d, 12h, 90m, 45s or 1h30m"),
        (("info", "/x", "--store-option", "retention"), "write KEY=VALUE"),
        (("info", "/x", "--store-option", "retention=x"), "retention: 'x' is not a number"),
        (("prune", "/x"), "either --keep or --before"),
        (("prune", "/x", "--keep", "1d", "--before", "2026-01-01"), "either --keep or --before"),
        (("prune", "/x", "--before", "lately"), "'lately' is not a date"),
        (("check", "influxdb:http://127.0.0.1:1/db"), "manages its own files"),
    ],
)
def test_what_makes_no_sense_is_said_in_a_line(words: tuple[str, ...], said: str) -> None:
    assert said in fails(2, "store", *words)


def test_an_option_that_is_misplaced_is_not_shown_as_it_may_be_a_secret() -> None:
    with pytest.raises(MisuseError, match="unknown parameter 'password'") as caught:
        open_store("/x", ["password=hunter2"])
    assert "hunter2" not in str(caught.value)


def test_a_path_alone_is_an_embedded_store() -> None:
    for text in ("store", "./a:b", "/a/b:c", "embedded:store"):
        assert isinstance(open_store(text), Embedded)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("30d", 2_592_000), ("12h", 43_200), ("90m", 5400), ("45", 45), ("1h 30m", 5400),
     ("2w", 1_209_600), ("0.5H", 1800)],
)  # fmt: skip
def test_lengths_of_time(text: str, wanted: float) -> None:
    assert seconds(text) == wanted


@pytest.mark.parametrize("text", ["", "d", "-1d", "1y", "1d2", "nan", "1e9", "99999999999d", "٣d"])
def test_what_is_no_length_of_time(text: str) -> None:
    with pytest.raises(MisuseError):
        seconds(text)
