"""The collector as its user sees it: targets that change, stores that go, signals, words."""

import json
import signal
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from collect.exporters import VMS, Exporters, Handler, exposition
from collect.running import Running
from commands import fails, scroogevm
from scroogevm.collect.settings import CollectSettings, TargetConfig
from scroogevm.core.samples import Recorded
from scroogevm.stores import open_store
from scroogevm.wiring.collect import store_options
from servers import Influx1, wait

FAST = ("--interval", "0.2", "-v")


def read(place: str | Path, *nodes: str) -> Recorded:
    with open_store(str(place)) as store:
        return store.read(nodes, 0, 2e9)


def test_a_signal_to_end_writes_what_was_scraped_and_is_no_failure(tmp_path: Path) -> None:
    with Exporters() as exporters:
        for number in (signal.SIGTERM, signal.SIGINT):
            with Running(tmp_path, "--target", f"n={exporters.url()}", *FAST) as run:
                wait(lambda: exporters.served["/good"] >= 8, "scrapes")  # at once
                assert run.stop(number) == 0
                kept = run.kept("n")
            exporters.served.clear()
            assert len(kept) >= 7  # the last batch included
            stored = read(tmp_path / "scroogevm-store", "n").nodes.time
            assert set(kept) <= set(stored)


def test_samples_are_an_interval_apart(tmp_path: Path) -> None:
    with Exporters() as exporters:
        words = ("--target", f"n={exporters.url()}", "--interval", "0.5", "-v")
        with Running(tmp_path, *words) as run:
            wait(lambda: len(run.kept("n")) >= 8, "samples")
            kept = run.kept("n")
    steps = [after - before for before, after in pairwise(kept[1:])]
    assert np.median(steps) == pytest.approx(0.5, abs=0.1)


def split(part: str) -> bytes:
    """What an exporter of the node says, or one of its VMs."""
    now = time.time()
    lines = exposition(now, now).splitlines(keepends=True)
    return b"".join(line for line in lines if (b"domain" in line) is (part == "vms"))


def test_exporters_of_a_node_make_one_sample_and_one_that_fails_costs_only_its_part(
    tmp_path: Path,
) -> None:
    down = False

    def vms(handler: Handler) -> None:
        handler.say(500 if down else 200, split("vms"))

    pages = {"/node": lambda handler: handler.say(200, split("node")), "/vms": vms}
    with Exporters(pages) as exporters:
        urls = [exporters.url("/node"), exporters.url("/vms")]
        with Running(tmp_path, *(f"--target=n={url}" for url in urls), *FAST) as run:
            wait(lambda: len(run.kept("n")) >= 3, "samples")
            down = True
            run.hears(r"^n, http://127.0.0.1:\d+/vms: no samples: answers 500")
            times = len(run.kept("n"))
            wait(lambda: len(run.kept("n")) >= times + 3, "samples of what is left")
            down = False
            run.hears(r"^n, \S+/vms: answers again after \d+ s")
            assert run.stop() == 0
            said = run.said
    counts = [int(line.split()[3]) for line in said if line.startswith("kept: n ")]
    assert counts[0] == counts[-1] == len(VMS)
    assert 0 in counts
    nodes, rows = read(tmp_path / "scroogevm-store", "n")
    # Within 0.2 s the first answer may be late, while everything is started.
    assert np.all(nodes.values["cpu"][1:] == 4)
    assert len(rows) == sum(counts)


def test_a_file_of_targets_is_read_again_when_it_changes_and_on_a_signal(tmp_path: Path) -> None:
    path = tmp_path / "targets.json"

    def target(*nodes: str) -> None:
        groups = [{"targets": [exporters.url()], "labels": {"node": node}} for node in nodes]
        (tmp_path / "new").write_text(json.dumps(groups))
        (tmp_path / "new").replace(path)

    with Exporters() as exporters:
        target("a")
        with Running(tmp_path, "--targets-file", path, *FAST) as run:
            run.hears("^kept: a ")
            target("b")
            run.hears("^targets were read again: scraping 1 node$")
            run.hears("^kept: b ")
            times = len(run.kept("a"))
            path.write_text("nonsense")
            run.send(signal.SIGHUP)
            run.hears("is not JSON; the targets did not change")
            before = len(run.kept("b"))
            wait(lambda: len(run.kept("b")) > before, "samples")
            assert len(run.kept("a")) <= times + 2  # those that waited
            assert run.stop() == 0


def test_the_settings_file_has_tables_which_are_read_again(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("wrong")
    settings = tmp_path / "scroogevm.toml"
    with Exporters() as exporters:
        settings.write_text(
            f"""
            [collect]
            interval = "0.2"
            verbose = true
            [[collect.targets]]
            node = "n"
            url = "{exporters.url("/guarded")}"
            token-file = "token"
            [collect.names]
            scrooge_node_cpus = {{ term = "cores", factor = 2, dialect = "scroogevm" }}
            """
        )
        with Running(tmp_path, before=("--config", settings)) as run:
            run.hears("^n: no samples: refuses access: 401; give a token-file")
            token.write_text("tok3n")
            run.send(signal.SIGHUP)
            run.hears("^kept: n ")
            assert run.stop() == 0
            assert "tok3n" not in "".join(run.said)
    assert set(read(tmp_path / "scroogevm-store", "n").nodes.values["cpu"]) == {8}


def test_a_store_that_was_down_has_everything_once_and_in_order(tmp_path: Path) -> None:
    with Influx1() as influx, Exporters() as exporters:
        influx.query('CREATE DATABASE "osub"')
        words = ["--target", f"n={exporters.url()}", "--store", f"influxdb:{influx.url}/osub"]
        words += [*FAST, "--listen", "127.0.0.1:0", "--store-option", "timeout=2"]
        with Running(tmp_path, *words) as run:
            run.hears("^kept: n ")
            influx.stop()
            run.hears("; samples wait$")
            before = len(run.kept("n"))
            wait(lambda: len(run.kept("n")) > before + 5, "samples that wait on the disk")
            assert run.figures()["scrooge_collect_buffer_samples"] > 0
            influx.start()
            run.hears("^the store takes samples again")
            wait(lambda: run.figures()["scrooge_collect_buffer_samples"] == 0, "delivery")
            assert run.figures()["scrooge_collect_samples_lost_total"] == 0
            assert run.stop() == 0
            kept = run.kept("n")
        stored = read(f"influxdb:{influx.url}/osub", "n").nodes.time
    assert len(set(kept)) == len(kept)
    assert np.round(stored, 3).tolist() == kept == sorted(kept)


def test_what_waits_survives_the_collector(tmp_path: Path) -> None:
    with Influx1() as influx, Exporters() as exporters:
        influx.query('CREATE DATABASE "osub"')
        influx.stop()
        words = ["--target", f"n={exporters.url()}", "--store", f"influxdb:{influx.url}/osub"]
        kept = []
        for _ in range(2):
            with Running(tmp_path, *words, *FAST) as run:
                wait(lambda: len(run.kept("n")) > 2, "samples")  # at once
                run.stop(signal.SIGKILL)
                kept += run.kept("n")
        influx.start()
        with Running(tmp_path, *words, *FAST, "--listen", "127.0.0.1:0") as run:
            wait(lambda: run.figures()["scrooge_collect_samples_written_total"] > 2, "samples")
            wait(lambda: run.figures()["scrooge_collect_buffer_samples"] == 0, "delivery")
            assert run.stop() == 0
            kept += run.kept("n")
        stored = read(f"influxdb:{influx.url}/osub", "n").nodes.time
    assert set(kept) <= set(np.round(stored, 3))
    assert len(set(stored)) == len(stored)


def test_own_metrics_tell_of_every_node(tmp_path: Path) -> None:
    with Exporters() as exporters:
        targets = ["--target", f"n={exporters.url()}", "--target", f"m={exporters.url('/500')}"]
        with Running(tmp_path, *targets, *FAST, "--listen", "127.0.0.1:0") as run:
            run.hears("^kept: n ")
            found = run.figures()
    assert found["scrooge_collect_nodes"] == 2
    assert found["scrooge_collect_samples_written_total"] >= 1
    assert found['scrooge_collect_scrape_failures_total{reason="status"}'] >= 1
    assert 0 <= found['scrooge_collect_node_sample_age_seconds{node="n"}'] < 30
    assert 'scrooge_collect_node_sample_age_seconds{node="m"}' not in found
    assert found["process_resident_memory_bytes"] > 1e6


def test_once_shows_what_each_node_says_and_lacks(tmp_path: Path) -> None:
    with Exporters() as exporters:
        good = ["collect", "--once", "--interval", "0.5", "--target", f"n={exporters.url()}"]
        table = scroogevm(*good, cwd=tmp_path)
        plain = scroogevm(*good, "--json", "--target", f"m={exporters.url('/500')}", cwd=tmp_path)
    assert table.returncode == 0
    assert "scroogevm" in table.stdout.split()
    assert (
        "n: all 2 VMs: the exporter reports no guest memory statistics; memory counts as fully used"
        in table.stderr
    )
    assert plain.returncode == 1
    assert plain.stderr == "scroogevm: 1 of 2 nodes gave no sample\n"
    found = {each["node"]: each for each in json.loads(plain.stdout)}
    assert found["n"]["dialects"] == ["scroogevm"]
    assert found["n"]["values"]["cpu_usage"] == pytest.approx(1, abs=0.3)
    assert found["n"]["vms"]["db_2"]["cpu_usage"] == pytest.approx(0.5, abs=0.2)
    assert found["m"]["failures"][0].endswith("answers 500")
    assert list(tmp_path.iterdir()) == []


def test_the_predecessors_token_is_handed_over_as_a_file_on_no_disk(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text("INFLUXDB_URL=http://n:8086\nINFLUXDB_BUCKET=b\nINFLUXDB_TOKEN=t0ken\n")
    asked = TargetConfig(["n"], env=env)
    (option,) = store_options(CollectSettings(asked))
    assert Path(option.removeprefix("token_file=")).read_text() == "t0ken"
    assert store_options(CollectSettings(asked, store="x")) == ()
    given = ["token-file=mine"]
    assert store_options(CollectSettings(asked, store_options=given)) == given


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "no target is given"),
        (["--target", "ftp://n"], "names no exporter"),
        (["--target", "n", "--json"], "--json: can only be used with --once"),
        (["--target", "n", "--store", "prometheus:http://127.0.0.1:1"], "does not accept samples"),
        (["--target", "n", "--store", "nothing:x"], "unknown store 'nothing'"),
        (["--target", "n", "--store-option", "x=y"], "unknown parameter 'x'"),
        (["--target", "n", "--listen", "0.0.0.0:9"], "not a loopback address"),
        (["--target", "n", "--duration", "soon"], "is not a duration"),
        (["--target", "n", "--size-limit", "0"], "--size-limit 0 is not from"),
    ],
)
def test_what_makes_no_sense_is_said_before_anything_starts(words: list[str], said: str) -> None:
    assert said in fails(2, "collect", *words)


def test_a_store_whose_secret_is_missing_ends_the_collector(tmp_path: Path) -> None:
    with Exporters() as exporters:
        words = ["--store", "influxdb:http://127.0.0.1:1/db", "--store-option"]
        words += ["token_file=/none", "--target", exporters.url(), *FAST]
        with Running(tmp_path, *words) as run:
            assert run.wait() == 2
            assert run.said[-1].startswith("scroogevm: /none: the secret cannot be read")


def test_a_folder_that_cannot_be_written_or_is_another_ones_ends_it_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with Exporters() as exporters:
        words = ("collect", "--target", exporters.url(), *FAST, "--store")
        assert "cannot be written" in fails(1, *words, str(tmp_path / "file"))
        with Running(tmp_path, *words[1:], str(tmp_path / "store")) as run:
            run.hears("scraping 1 node")
            assert "is already written by process" in fails(1, *words, str(tmp_path / "store"))


def test_a_bounded_run_that_collected_nothing_fails(tmp_path: Path) -> None:
    with Exporters() as exporters:
        words = ["--target", f"n={exporters.url('/nowhere')}", "--duration", "1"]
        with Running(tmp_path, *words, "--interval", "0.5") as run:
            assert run.wait() == 1
            assert run.said[-1] == (
                "scroogevm: no node gave a sample in 1 s; "
                "`scroogevm collect --once` shows the reason for each node"
            )
        with Running(tmp_path, *words[:2], "--interval", "0.5") as run:
            run.hears("^n: no samples: ")
            served = exporters.served["/nowhere"]
            wait(lambda: exporters.served["/nowhere"] > served + 2, "further scrapes")
            assert run.stop() == 0, "one without an end goes on"
        words[1] = f"n={exporters.url('/good')}"
        with Running(tmp_path, *words, "--interval", "0.5") as run:
            assert run.wait() == 0


def test_a_host_that_is_not_found_is_told_as_it_is_written(tmp_path: Path) -> None:
    done = scroogevm("collect", "--target", "no-such-host", "--once", cwd=tmp_path)
    assert done.returncode == 1
    assert "the host 'no-such-host' is not found; check the target" in done.stderr
    assert "Errno" not in done.stderr
