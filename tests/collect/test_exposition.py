"""Expositions are read right, fast by what was learnt, and without trust."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scroogevm.collect.body_layout import BodyLimits, Counts
from scroogevm.collect.exposition import Parser
from scroogevm.collect.lines import series
from scroogevm.errors import ScrapeError
from scroogevm.telemetry.dialect import Meaning, Table, TableDialect, every_dialect
from scroogevm.telemetry.meter import Meter
from scroogevm.telemetry.reading import Reading

CAPTURES = Path(__file__).parents[2].parent / "shared" / "howto" / "hypervisor"


@dataclass(frozen=True)
class _Plain(TableDialect):
    """A dialect with a metric of each kind."""

    order: ClassVar[int] = 1
    node: ClassVar[Table] = {
        "load": (Meaning("cores"),),
        "busy": (Meaning("cpu_time", 0.5),),
        "cpus": (Meaning("cores", count=True),),
    }
    vm: ClassVar[Table] = {"work": (Meaning("cpu_time"),), "memory": (Meaning("mem_current"),)}


def parser(**limits: int) -> Parser:
    return Parser([_Plain()], "n", "http://n/metrics", BodyLimits(**limits))


def read(body: str, reader: Parser | None = None) -> Reading:
    (reading,) = (reader or parser()).read(body.encode(), 1.0)
    return reading


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("load 1", 1),
        ("load 1.5e3", 1500),
        ("load 1 1395066363000", 1),
        ("load 1 -1", 1),
        ("load 1 1395066363.123", 1),
        ("load\t1", 1),
        ("load   1", 1),
        (" \tload 1", 1),
        ("load 1  ", 1),
        ("load 1\r", 1),
        ("load{} 1", 1),
        ("load{ } 1", 1),
        ('load{a="x",} 1', 1),
        ('load{a="x"}1', 1),
        ('load {a="x"} 1', 1),
        ('load{ a = "x y" , b="}\\"{ 9" } 1', 1),
        ('load 1 # {trace="x"} 0.7 1.5', 1),
        ('load{a="# {b"} 1 5 # {trace="x"} 0.7', 1),
        ("load +Inf", np.nan),
        ("load -Inf", np.nan),
        ("load NaN", np.nan),
    ],
)
def test_a_sample_is_read_in_every_way_of_writing_it(line: str, value: float) -> None:
    reader = parser()
    for body in (line, f"{line}\n", f"# HELP load x\n\n{line}\n# EOF\n"):
        for _ in range(2):  # learnt, and by what was learnt
            np.testing.assert_equal(read(body, reader).values, {"cores": value})
            assert reader.counts == Counts(samples=1, used=1)


@pytest.mark.parametrize(
    "line",
    [
        "load",
        "load ",
        "load x",
        "load 1_000",
        "load 1 2 3",
        "load 1 x",
        "load 1#2",
        "load 0x1p3",
        'load{a="x" 1',
        "load{a=x} 1",
        'load{a="x"b="y"} 1',
        "load{,} 1",
        'load{a="x",a="y"} 1',
        'load{a="\udcff"} 1',
        "9load 1",
        "lo-ad 1",
        "{} 1",
        'load{a="x\\"} 1',
        "\x00",
        "load\x001",
        "<html>",
    ],
)
def test_a_bad_line_is_counted_and_the_others_are_read(line: str) -> None:
    reader = parser()
    body = f"busy 4\n{line}\ncpus 1\n".encode(errors="surrogateescape")
    for _ in range(2):
        (reading,) = reader.read(body, 1.0)
        assert reading.values.get("cpu_time") == 2
        assert (reader.counts.samples, reader.counts.bad) == (2, 1)


def test_a_value_that_turns_bad_is_missing_and_back_again() -> None:
    reader = parser()
    assert read("busy 4\nload 2\n", reader).values == {"cpu_time": 2, "cores": 2}
    for nonsense in ("x", "1_0", ""):
        np.testing.assert_equal(
            read(f"busy 6\nload {nonsense}\n", reader).values.get("cores", np.nan), np.nan
        )
        assert (reader.counts.samples, reader.counts.bad) == (1, 1)
    assert read("busy 4\nload 3\n", reader).values == {"cpu_time": 2, "cores": 3}


def test_labels_are_unescaped() -> None:
    vm = 'a\\b"c\nd,e}é'
    written = vm.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    assert read(f'work{{domain="{written}"}} 1\n').vms == [vm]
    assert read('work{domain="\\q"} 1\n').vms == ["q"]


def test_series_of_one_place_are_summed_or_counted() -> None:
    body = 'cpus{cpu="0"} 7\ncpus{cpu="1"} 7\nbusy{mode="a"} 2\nbusy{mode="b"} 4\n'
    assert read(body).values == {"cores": 2, "cpu_time": 3}


def test_of_the_same_series_twice_the_first_counts_however_it_is_written() -> None:
    reader = parser()
    body = 'work{domain="v",x="1"} 1\nwork{x="1",domain="v"} 2\nwork{domain="v",x="1"} 3\n'
    for _ in range(2):
        (reading,) = reader.read(body.encode(), 1.0)
        assert reading.vm_values["cpu_time"].tolist() == [1]
        assert reader.counts == Counts(samples=3, used=1, duplicates=2)


def test_vms_come_and_go_between_bodies() -> None:
    reader = parser()
    for names in (["a", "b"], ["b"], ["c", "b"], ["a", "b", "c"], []):
        body = "load 1\n" + "".join(f'work{{domain="{n}"}} {ord(n)}\n' for n in names)
        reading = read(body, reader)
        assert reading.vms == names
        if names:
            assert reading.vm_values["cpu_time"].tolist() == [ord(n) for n in names]


def test_a_vm_without_a_term_that_others_have_misses_it() -> None:
    reading = read('work{domain="a"} 1\nmemory{domain="b"} 2\n')
    np.testing.assert_equal(reading.vm_values["cpu_time"], [1, np.nan])
    np.testing.assert_equal(reading.vm_values["mem_current"], [np.nan, 2])


def test_a_sum_of_other_series_than_before_is_missing_once() -> None:
    """One cpu is unplugged and comes back: what the sum falls and grows by is nobody's work."""
    one, two = 'busy{cpu="0"} 10\n', 'busy{cpu="1"} 1000\n'
    reader = parser()
    found = [read(body, reader).values["cpu_time"] for body in (one + two, one, one, one + two)]
    np.testing.assert_equal(found, [505, np.nan, 5, np.nan])
    assert read(one + two, reader).values["cpu_time"] == 505


def test_lines_that_are_alike_at_the_start_are_told_apart() -> None:
    reader = parser()
    assert read("load 1\nother 2\n", reader).values == {"cores": 1}
    assert read("load1 5\nload 3\n", reader).values == {"cores": 3}
    assert read('load{a="1"} 1\nother 2\n', reader).values == {"cores": 1}
    assert read('load{a="12"} 4\nother 2\n', reader).values == {"cores": 4}
    assert read("\nload 6", reader).values == {"cores": 6}
    assert read("load 7\n", reader).values == {"cores": 7}


@pytest.mark.parametrize("body", ["<html><body>404</body></html>", "load\n", "\x00\x01", "{}"])
def test_an_answer_without_any_sample_is_refused(body: str) -> None:
    reader = parser()
    with pytest.raises(ScrapeError, match="http://n/metrics: gives no metrics"):
        reader.read(body.encode(), 1.0)
    assert read("load 1", reader).values == {"cores": 1}


@pytest.mark.parametrize("body", ["", "\n", "# EOF\n", " \t# HELP x", "other 1\n"])
def test_an_answer_that_says_nothing_of_use_gives_no_reading(body: str) -> None:
    assert list(parser().read(body.encode(), 1.0)) == []


def test_what_is_too_large_is_refused_before_it_is_taken_apart() -> None:
    with pytest.raises(ScrapeError, match="more than 5 bytes"):
        parser(size=5).read(b"load 1", 1.0)
    with pytest.raises(ScrapeError, match="more than 2 lines"):
        parser(lines=2).read(b"\n\n\n", 1.0)


def test_lines_with_too_much_in_them_are_bad() -> None:
    reader = parser(length=40, labels=2)
    read('load 1\nload{a="1",b="2"} 2\nload{a="1",b="2",c="3"} 3\n', reader)
    assert reader.counts.bad == 1
    read(f'load 1\nload{{a="{"x" * 40}"}} 2\n', reader)
    assert reader.counts.bad == 1


def test_nothing_is_kept_but_what_the_last_body_had_however_names_change() -> None:
    reader = parser()
    for number in range(30):
        names = [f'work{{domain="vm-{number}-{n}"}}' for n in range(number)]
        reader.read("".join(f"{name} 1\nother_{name} 2\n" for name in names).encode(), 1.0)
        layout = reader._layout
        assert layout is not None
        assert [*layout.known] == [f"{w} ".encode() for n in names for w in (n, f"other_{n}")]
        assert len(layout.heads) == 2 * number + 1
        assert len(layout.cells.parts) == number


@pytest.mark.parametrize(
    "line",
    [
        b"load{" + b'a="",' * 100_000,
        b'load{a="' + b"\\" * 100_001,
        b"load" + b" " * 100_000 + b"x",
        b'load{a="x"' + b" " * 100_000,
        b"load 1 " + b"1" * 100_000 + b" x",
    ],
)
def test_no_line_takes_longer_the_more_there_is_to_go_back_over(line: bytes) -> None:
    """A pattern that tried all ways of cutting these would not come to an end."""
    assert series(line, 64) is None


lines_ = st.sampled_from(
    ["load 1", "busy 2", 'work{domain="a"} 3', 'work{domain="b"} 4 5', "# HELP x", "", "bad", "x 1"]
)
pieces = st.text('loadbusywrk{}="\\, \t\r\n#+-.0123456789eENaInf_é\x00', max_size=30)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=200), min_size=1, max_size=4))
def test_any_bytes_are_read_or_refused(bodies: Sequence[bytes]) -> None:
    reader = Parser(every_dialect(), "n")
    for body in bodies:
        try:
            reader.read(body, 1.0)
        except ScrapeError:
            continue


@settings(deadline=None)
@given(st.lists(st.lists(lines_ | pieces, max_size=8), min_size=1, max_size=6))
@example([['work{domain="a"} 3', "bad"], ['work{domain="a"} 4', "busy 2"]])
def test_what_was_learnt_never_changes_what_is_read(bodies: list[list[str]]) -> None:
    learnt = parser()
    for lines in bodies:
        body = "\n".join(lines).encode()
        results: list[Any] = []
        for reader in (learnt, parser()):
            try:
                found = reader.read(body, 1.0)
            except ScrapeError as error:
                results.append(str(error))
                continue
            results.append([(one.vms, set(one.values), set(one.vm_values)) for one in found])
            results.append(reader.counts)
        half = len(results) // 2
        assert results[:half] == results[half:]


def capture(name: str) -> bytes:
    path = CAPTURES / name
    if not path.exists():
        pytest.skip(f"{name} lies beside the checkout, in development and CI only")
    return path.read_bytes()


@pytest.mark.parametrize("through", ["as written", "node_exporter"])
def test_a_capture_of_the_predecessors_probe_is_read_right(through: str) -> None:
    body = capture("vmprobe.prom")
    if through == "node_exporter":  # which writes floats, a type and a help
        lines = [line.rpartition(b" ") for line in body.splitlines()]
        body = (
            b"".join(
                b"# HELP %b Metric read from vmprobe.prom\n# TYPE %b untyped\n%b %b\n"
                % (name, name, name, repr(float(value)).encode())
                for name, _, value in lines
            )
            + b'node_textfile_mtime_seconds{file="vmprobe.prom"} 1.795330998e+09\n'
        )
    reading, *written = Parser(every_dialect(), "n").read(body, 1795331000.0)
    assert reading.dialect == "vmprobe"
    assert [one.values["textfile_time"] for one in written] in ([], [1795330998.0])
    assert reading.values == pytest.approx(
        {
            "clock": 1795330998.833,
            "interval": 2.0,
            "cores": 2,
            "cpu_time": 939.52 + 226.93,
            "mem_total": 24684084 / 1024,
            "mem_available": 23686392 / 1024,
            "wait_time": 0,
        }
    )
    assert sorted(reading.vms) == ["db_2", "web1"]
    db = reading.vms.index("db_2")
    found = {term: column[db] for term, column in reading.vm_values.items()}
    assert found == pytest.approx(
        {
            "vcpus": 2,
            "cpu_time": 10.071392,
            "mem_current": 256,
            "rss": 268016 / 1024,
            "guest_total": 223388 / 1024,
            "guest_usable": 133552 / 1024,
            "guest_unused": 130160 / 1024,
            "guest_time": 1795330998,
            "page_faults": 13917,
            "major_faults": 0,
            "swap_in": 0,
            "swap_out": 0,
        }
    )
    sample = Meter("n").sample([reading])
    assert sample is not None
    assert np.isnan(sample.values["cpu_wait"])  # its zero means that the kernel does not say
    assert sample.vm_values["mem_usage"][db] == pytest.approx((223388 - 133552) / 1024)
    assert sample.vm_values["mem_age"][db] == pytest.approx(0.833)


def test_a_capture_of_a_large_node_is_read_right() -> None:
    body = capture("example-vms.prom")
    later = body.replace(b"probe_epoch 1795330998833", b"probe_epoch 1795331003833")
    later = later.replace(b"web1_cpu_cputime 102259510000000", b"web1_cpu_cputime 102271510000000")
    later = re.sub(rb"(global_cpu_user )(\d+)", rb"\g<1>9\g<2>", later)
    reader, meter = Parser(every_dialect(), "n"), Meter("n")
    meter.sample(reader.read(body, 0.0))
    sample = meter.sample(reader.read(later, 5.0))
    assert sample is not None
    assert sample.vms == ["web1", "db2"]
    assert sample.values["cpu"] == 48
    assert sample.values["cpu_wait"] == 0
    assert sample.vm_values["cpu"].tolist() == [4, 2]
    assert sample.vm_values["mem"].tolist() == [8192, 4096]
    np.testing.assert_allclose(sample.vm_values["cpu_usage"], [2.4, 0.0])
