"""``scroogevm trace record`` and ``replay --from``: what they say, and to what makes no sense."""

import json
import os
import pty
import subprocess
from pathlib import Path

import numpy as np
import pytest

from commands import SCROOGEVM, fails, scroogevm
from scroogevm.core.samples import Sample
from scroogevm.stores import open_store

START = 1_699_920_000
EVERY = 60
SPAN = ("--since", "2023-11-14", "--until", "2023-11-14T06:00")
QUICK = ("-s", "greedy", "-s", "borg")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Six hours of three nodes of eight cores, of which VMs were promised six."""
    location = str(tmp_path_factory.mktemp("store") / "store")
    sizes = {"cpu": np.array([4.0, 2.0]), "mem": np.array([4096.0, 2048.0])}
    usage = {"cpu_usage": np.array([1.0, 0.5]), "mem_usage": np.array([1024.0, 512.0])}
    with open_store(location, ["retention=0", "synced=no"]) as opened:
        for time in range(EVERY, 6 * 3600 + 1, EVERY):
            wave = 1 + 0.1 * np.sin(time / 600)
            own = {"cpu": 8.0, "mem": 16384.0, "cpu_usage": 2 * wave, "mem_usage": 4096.0 * wave}
            opened.write(
                [
                    Sample(f"rack1-{n}", START + time, own, ["a", "b"], {**sizes, **usage})
                    for n in range(3)
                ]
            )
    return location


def test_a_store_becomes_a_trace_that_says_where_it_comes_from(store: str, tmp_path: Path) -> None:
    place = tmp_path / "trace"
    done = scroogevm("trace", "record", "--from", store, *SPAN, "-o", place)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"3 nodes, 12 windows, 2,160 VM rows every 60 s in {place}\n"
    said = scroogevm("trace", "info", place).stdout
    assert f"store: {store}" in said


def test_json_is_all_that_a_program_finds_on_stdout(store: str, tmp_path: Path) -> None:
    place = tmp_path / "trace"
    words = ("--node", "rack1-[01]", "--interval", "5m", "--slice", "900", "--json")
    done = scroogevm("trace", "record", "--from", store, *SPAN, *words, "-o", place)
    assert json.loads(done.stdout) == {
        "trace": str(place),
        "nodes": 2,
        "vm_rows": 288,
        "windows": 24,
        "interval": 300.0,
        "pieces": 1,
        "resumed": 0,
    }


def test_replay_records_first_and_says_what_it_comes_to(store: str, tmp_path: Path) -> None:
    place = tmp_path / "report"
    done = scroogevm("replay", "--from", store, *SPAN, "-o", place, *QUICK)
    assert done.returncode == 0, done.stderr
    assert f"Trace: {place}-trace, 3 nodes, 12 windows" in done.stderr
    (cpu, memory, _) = done.stdout.splitlines()[-3:]
    assert cpu.startswith("cpu: VMs on 3 nodes (24.0 cores) were allocated 18.0 cores. greedy")
    assert memory.startswith("memory: VMs on 3 nodes (48.0 GiB) were allocated 18.0 GiB. greedy")
    again = scroogevm("replay", f"{place}-trace", "-o", tmp_path / "again", *QUICK)
    assert again.stdout.splitlines()[:-1] == done.stdout.splitlines()[:-1]


def test_a_trace_that_is_there_is_not_read_again_by_chance(store: str, tmp_path: Path) -> None:
    scroogevm("trace", "record", "--from", store, *SPAN, "-o", tmp_path / "report-trace")
    said = fails(2, "replay", "--from", store, *SPAN, "-o", tmp_path / "report")
    assert "report-trace: exists already; replay it by `scroogevm replay " in said
    done = scroogevm("replay", "--from", store, *SPAN, "-o", tmp_path / "report", "--force", *QUICK)
    assert done.returncode == 0, done.stderr


def test_a_bar_shows_in_a_terminal_how_much_is_read(store: str, tmp_path: Path) -> None:
    reader, writer = pty.openpty()
    words: list[str | Path] = [
        SCROOGEVM,
        "trace",
        "record",
        "--from",
        store,
        *SPAN,
        "-o",
        tmp_path / "trace",
    ]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=writer) as process:
        os.close(writer)
        shown = b""
        try:
            while block := os.read(reader, 65536):
                shown += block
        except OSError:  # Linux says so when nobody writes any more
            pass
    os.close(reader)
    assert process.returncode == 0
    assert b"Reading" in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--since", "2999-01-01"), "--since: is in the future"),
        (("--since", "2d", "--until", "3d"), "--until: is not after --since"),
        (("--since", "lately"), "write how long ago, 30d or 12h, or a date"),
        (("--until", "2023-13-01"), "'2023-13-01' is not a date"),
        (("--scope", "0"), "--scope: 0 s is not a scope"),
        (("--scope", "inf"), "--scope: inf s is not a scope"),
        (("--slice", "7"), "a scope of 1800 s is not a whole number of slices of 7 s"),
        (("--scope", "86400"), "no whole slice of 86400 s"),
        (("--interval", "3h"), "--interval: 10800 s is not an interval between samples"),
        (("--interval", "0"), "--interval: 0 s is not an interval between samples"),
        (("--node", "rack2-*"), "no node is called 'rack2-*'; there are 3, such as rack1-0"),
        (("--store-option", "nonsense"), "write KEY=VALUE"),
        (("--store-option", "user=me"), "unknown parameter 'user'"),
        (("--from", "graphite:http://h"), "unknown store 'graphite'"),
        (("--from", "http://host:9090"), "prometheus:http://host:9090"),
    ],
)
def test_what_makes_no_sense_is_said_in_a_line_before_anything_is_read(
    store: str, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    place = tmp_path / "trace"
    assert said in fails(2, "trace", "record", "--from", store, *SPAN, *words, "-o", place)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--since", "2001-01-01", "--until", "2001-01-03"), "has no samples of any node"),
        (("--from", "nowhere-at-all"), "nowhere-at-all: there is no store"),
        (("--from", "prometheus:http://127.0.0.1:1"), "cannot be reached"),
        (("--from", "influxdb:http://127.0.0.1:1/db"), "cannot be reached"),
    ],
)
def test_a_store_that_gives_nothing_fails_with_a_line(
    store: str, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    place = tmp_path / "trace"
    assert said in fails(1, "trace", "record", "--from", store, *SPAN, *words, "-o", place)
    assert not list(tmp_path.iterdir())


def test_one_window_says_that_nothing_could_be_judged(store: str, tmp_path: Path) -> None:
    span = ("--since", "2023-11-14", "--until", "2023-11-14T00:30")
    done = scroogevm("replay", "--from", store, *span, "-o", tmp_path / "r", *QUICK)
    assert done.returncode == 0, done.stderr
    assert "cpu: 3 nodes, 0 windows judged" in done.stdout
    assert "no window could be judged" in done.stderr


def test_what_speaks_of_a_store_needs_one(tmp_path: Path) -> None:
    assert "--from KIND:LOCATION" in fails(2, "trace", "record", "-o", tmp_path / "t")
    assert "a store with --from" in fails(2, "replay", "-o", tmp_path / "r")
    said = fails(2, "replay", "prometheus:http://n:9090", "-o", tmp_path / "r")
    assert "is a store, not a trace" in said
    for option in ("--since", "--until", "--node", "--interval", "--store-option"):
        said = fails(2, "replay", tmp_path, option, "1d", "-o", tmp_path / "r")
        assert f"{option}: needs a store" in said
    said = fails(2, "replay", tmp_path, "--from", "store", "-o", tmp_path / "r")
    assert "exclude each other" in said


def test_an_output_that_is_taken_stays(store: str, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "mine").touch()
    words = ("trace", "record", "--from", store, *SPAN, "-o", taken)
    assert "was not written by `scroogevm trace record`" in fails(2, *words)
    assert "was not written by" in fails(2, *words, "--force")
    assert list(taken.iterdir()) == [taken / "mine"]
    assert list(tmp_path.iterdir()) == [taken]  # nothing was read for it
    assert "cannot be written" in fails(1, *words[:-1], "/proc/nowhere")


def test_an_interval_that_cannot_be_had_is_told(store: str, tmp_path: Path) -> None:
    record = ("trace", "record", "--from", store, *SPAN)
    said = scroogevm(*record, "--interval", "7", "-o", tmp_path / "finer").stderr
    assert said == "there is a sample every 60 s: --interval 7 gives no more\n"
    said = scroogevm(*record, "--interval", "700", "-o", tmp_path / "other").stderr
    assert said == "means of 900 s, not 700: a slice is a whole number of them\n"


def test_less_than_was_asked_for_is_told_with_its_dates(store: str, tmp_path: Path) -> None:
    words = ("--since", "2023-11-10", "--until", "2023-11-15", "-o", tmp_path / "trace")
    said = scroogevm("trace", "record", "--from", store, *words).stderr
    wanted = "windows with samples: 2023-11-14 00:00 to 2023-11-14 06:00 UTC, 6 hours of 5 days\n"
    assert said == wanted


def test_a_file_and_the_environment_name_the_store_once_for_all(store: str, tmp_path: Path) -> None:
    since, until = SPAN[1], SPAN[3]
    place = tmp_path / "scroogevm.toml"
    options = 'store-option = ["retention=0"]'
    lines = [
        f'from = "{store}"',
        options,
        f'since = "{since}"',
        f'until = "{until}"',
        'node = ["rack1-0"]',
    ]
    place.write_text("\n".join(["[replay]", *lines, "[trace.record]", *lines]))
    recorded = scroogevm("--config", place, "trace", "record", "-o", tmp_path / "trace")
    assert recorded.stdout.startswith("1 node, 12 windows"), recorded.stderr
    replayed = scroogevm("--config", place, "replay", "-o", tmp_path / "report", *QUICK)
    assert "1 node, 12 windows" in replayed.stderr
    named = scroogevm("--config", place, "replay", tmp_path / "trace", "-o", tmp_path / "n", *QUICK)
    assert (named.returncode, named.stderr) == (0, ""), "traces on the command line win"
    variables = {
        "SCROOGEVM_TRACE_RECORD_FROM": store,
        "SCROOGEVM_TRACE_RECORD_SINCE": since,
        "SCROOGEVM_TRACE_RECORD_UNTIL": until,
        "SCROOGEVM_TRACE_RECORD_NODE": "rack1-0 rack1-2",
        "SCROOGEVM_TRACE_RECORD_STORE_OPTION": "retention=0 synced=no",
    }
    done = scroogevm("trace", "record", "-o", tmp_path / "by-environment", env=variables)
    assert done.stdout.startswith("2 nodes, 12 windows"), done.stderr
