"""From a store to a trace, and to the same estimates as from the trace the samples came from."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import scroogevm.traces.recording.sampling as paces
from scroogevm.core.samples import ESSENTIAL, Recorded, Rows, Sample
from scroogevm.errors import MisuseError, StoreError
from scroogevm.ports import Shape
from scroogevm.stores.embedded import Embedded
from scroogevm.traces.generate import Workload, generate
from scroogevm.traces.manifest import Manifest
from scroogevm.traces.recording import RecordingResult, StoreQuery, record
from scroogevm.traces.recording.regular import Times, regular

START = 1_800_000_000.0
SCOPE, INTERVAL = 600.0, 10.0
WORKLOAD = Workload(
    scenario="churn", nodes=3, vms=6, windows=5, scope=SCOPE, interval=INTERVAL, seed=4
)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("original") / "trace"
    generate(WORKLOAD, place)
    return place


@pytest.fixture
def store(original: Path, tmp_path: Path) -> Iterator[Embedded]:
    with Embedded(str(tmp_path / "store"), synced=False) as store:
        store.write(list(samples(original)))
        yield store


def samples(trace: Path) -> Iterator[Sample]:
    """The trace as somebody would have measured it, a little late now and then."""
    late = np.random.default_rng(5)
    nodes, vms = (pl.read_parquet(trace / table / "*.parquet") for table in ("nodes", "vms"))
    residents = vms.with_columns(pl.col("node", "vm").cast(pl.String)).partition_by(
        "node", "time", as_dict=True
    )
    for row in nodes.with_columns(pl.col("node").cast(pl.String)).sort("time").to_dicts():
        there = residents.get((row["node"], row["time"]), vms.clear())
        yield Sample(
            row["node"],
            START + row["time"] + INTERVAL + late.uniform(0, 0.4 * INTERVAL),
            {name: row[name] for name in ESSENTIAL},
            there["vm"].to_list(),
            {name: there[name].to_numpy().astype(float) for name in ESSENTIAL},
        )


def asked(**changes: object) -> StoreQuery:
    whole = StoreQuery(
        "embedded:somewhere",
        START,
        START + 5 * SCOPE,
        shape=Shape(SCOPE, SCOPE),
        words=("store", "30d"),
    )
    return replace(whole, **changes)  # type: ignore[arg-type]  # whatever a test wants


def recorded(
    store: Embedded, place: Path, question: StoreQuery | None = None, **how: bool
) -> RecordingResult:
    return record(store, question or asked(), place, lambda _: nullcontext(lambda _: None), **how)


def tables(trace: Path, begin: float = 0.0) -> dict[str, pl.DataFrame]:
    found = {}
    for table in ("nodes", "vms"):
        frame = pl.read_parquet(trace / table / "*.parquet")
        keys = ["node"] if table == "nodes" else ["node", "vm"]
        found[table] = frame.with_columns(
            pl.col(keys).cast(pl.String), pl.col("time").cast(pl.Float64) - begin
        ).sort(*keys, "time")
    return found


def test_what_was_measured_becomes_the_trace_it_was_measured_of(
    store: Embedded, original: Path, tmp_path: Path
) -> None:
    outcome = recorded(store, tmp_path / "trace")
    assert (outcome.manifest.interval, outcome.manifest.windows) == (INTERVAL, 5)
    assert outcome.manifest.origin == START
    assert not outcome.remarks
    found, wanted = tables(tmp_path / "trace", START), tables(original)
    for table, frame in wanted.items():
        assert found[table].height == frame.height
        for column in frame.columns:
            if column in ESSENTIAL:
                near = found[table][column].to_numpy()
                np.testing.assert_allclose(near, frame[column].to_numpy(), rtol=1e-5, atol=1e-5)
            else:
                assert found[table][column].to_list() == frame[column].to_list(), column


class Fragile(Embedded):
    """Ends the process, as it were, after some reads."""

    left = 10**9

    def read(
        self,
        nodes: Sequence[str],
        since: float,
        until: float,
        quantities: Sequence[str] = ESSENTIAL,
    ) -> Recorded:
        Fragile.left -= 1
        if Fragile.left < 0:
            raise KeyboardInterrupt
        return super().read(nodes, since, until, quantities)


@pytest.mark.parametrize("reads", [0, 1, 2, 3])
def test_an_interrupted_recording_goes_on_where_it_stopped(
    store: Embedded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reads: int
) -> None:
    monkeypatch.setattr(paces, "PART_ROWS", 1)  # each node a part
    whole = recorded(store, tmp_path / "whole", asked(interval=INTERVAL))
    fragile = Fragile(store.location)
    monkeypatch.setattr(Fragile, "left", reads)
    place = tmp_path / "trace"
    with pytest.raises(KeyboardInterrupt):
        recorded(fragile, place, asked(interval=INTERVAL))
    assert not place.exists()
    monkeypatch.setattr(Fragile, "left", 10**9)
    later = asked(interval=INTERVAL, since=START + 700, until=START + 5 * SCOPE + 700)
    outcome = recorded(fragile, place, later if reads else asked(interval=INTERVAL))
    assert outcome.resumed == max(0, reads - 1)  # the first read looks at the pace
    # The time is the one first asked for, although a day has moved on a little.
    assert replace(outcome.manifest, parts=()) == replace(whole.manifest, parts=())
    for table, frame in tables(tmp_path / "whole").items():
        assert tables(place)[table].equals(frame)
    assert not list(tmp_path.glob(".*recording*"))


def test_another_question_or_restart_begins_anew(
    store: Embedded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paces, "PART_ROWS", 1)
    for change, how in ((asked(words=("store", "20d")), {}), (asked(), {"restart": True})):
        monkeypatch.setattr(Fragile, "left", 3)
        with pytest.raises(KeyboardInterrupt):
            recorded(Fragile(store.location), tmp_path / "trace", restart=True, overwrite=True)
        monkeypatch.setattr(Fragile, "left", 10**9)
        outcome = recorded(store, tmp_path / "trace", change, overwrite=True, **how)
        assert outcome.resumed == 0


def test_a_node_that_does_not_fit_into_memory_is_made_of_means(
    store: Embedded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fine = recorded(store, tmp_path / "fine")
    monkeypatch.setattr(paces, "NODE_ROWS", 6 * 5 * 20)
    coarse = recorded(store, tmp_path / "coarse")
    assert coarse.manifest.interval > fine.manifest.interval
    assert SCOPE % coarse.manifest.interval == pytest.approx(0, abs=1e-6)
    assert "--interval 10 keeps them all" in coarse.remarks[0]
    means = [tables(tmp_path / name)["nodes"]["cpu_usage"].mean() for name in ("fine", "coarse")]
    assert means[0] == pytest.approx(means[1], rel=1e-5)


def test_some_nodes_by_pattern(store: Embedded, tmp_path: Path) -> None:
    recorded(store, tmp_path / "some", asked(nodes=("node-[02]",)))
    assert tables(tmp_path / "some")["nodes"]["node"].unique().sort().to_list() == [
        "node-0",
        "node-2",
    ]
    with pytest.raises(MisuseError, match=r"no node is called 'nod'.*there are 3, such as node-0"):
        recorded(store, tmp_path / "none", asked(nodes=("nod",)))


def test_windows_before_the_first_sample_and_after_the_last_are_left_out(
    store: Embedded, tmp_path: Path
) -> None:
    whole = recorded(store, tmp_path / "whole")
    more = asked(since=START - 7 * SCOPE, until=START + 9 * SCOPE)
    outcome = recorded(store, tmp_path / "more", more)
    assert outcome.remarks == [
        "windows with samples: 2027-01-15 08:00 to 2027-01-15 08:50 UTC, 50 minutes of 2.7 hours"
    ]
    assert (outcome.manifest.origin, outcome.manifest.end) == (START, START + 5 * SCOPE)
    for table, frame in tables(tmp_path / "whole").items():
        assert tables(tmp_path / "more")[table].equals(frame)
    assert whole.manifest.windows == 5


def test_what_was_not_begun_leaves_nothing_behind(store: Embedded, tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        recorded(store, tmp_path / "trace", asked(since=0.0, until=86400.0))
    assert {path.name for path in tmp_path.iterdir()} == {"store"}


def test_a_time_without_samples_is_one_line(store: Embedded, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="embedded:somewhere: has no samples"):
        recorded(store, tmp_path / "t", asked(since=0.0, until=86400.0))
    early = asked(since=START - SCOPE - 1.0, until=START + SCOPE - 1.0)
    wanted = r"the first window, of 600 s, ends at 2027-01-15 08:10:00 UTC"
    with pytest.raises(StoreError, match=wanted):
        recorded(store, tmp_path / "t", early)
    with pytest.raises(
        MisuseError, match="no whole slice of 600 s, in scopes of 600 s, lies in the 500 s"
    ):
        asked(since=START, until=START + 500)
    with pytest.raises(MisuseError, match=r"--interval: 700 s is not an interval"):
        asked(interval=700.0)


def test_numbers_that_cannot_be_true_become_missing(store: Embedded, tmp_path: Path) -> None:
    at = START + 3 * SCOPE - 1.0
    sizes = {"cpu": 256.0, "mem": 1024.0}
    store.write([Sample("node-0", at, {**sizes, "cpu_usage": 1e6, "mem_usage": -5.0})])
    outcome = recorded(store, tmp_path / "trace")
    assert outcome.remarks == ["2 impossible values became missing"]


def test_what_is_there_is_not_overwritten(store: Embedded, tmp_path: Path) -> None:
    recorded(store, tmp_path / "trace")
    with pytest.raises(MisuseError, match="add --force"):
        recorded(store, tmp_path / "trace")
    recorded(store, tmp_path / "trace", overwrite=True)
    assert Manifest.read(tmp_path / "trace").windows == 5


def test_two_samples_in_an_interval_are_their_mean() -> None:
    time = np.array([10.0, 14.0, 20.0])
    values = {name: np.array([4.0, 2.0, 1.0]) for name in ESSENTIAL}
    rows = Rows([("n",)], np.zeros(3, np.int64), time, values)
    frame, _ = regular(rows, "nodes", Times(0.0, 20.0, 10.0, 10.0))
    assert frame["time"].to_list() == [0.0, 10.0]
    assert frame["cpu_usage"].to_list() == [3.0, 1.0]
    assert frame["cpu"].to_list() == [4.0, 1.0]
