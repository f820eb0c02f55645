"""A node that sets most of its memory aside as hugepages: what is free of it is not used."""

import numpy as np
import pytest

from helpers import NAN
from scroogevm.collect.exposition import Parser
from scroogevm.telemetry.columns import TermSeries, quantities
from scroogevm.telemetry.dialect import every_dialect
from scroogevm.telemetry.meter import Meter
from scroogevm.telemetry.reading import Reading
from scroogevm.telemetry.report import lacking

NODE_EXPORTER = """\
# HELP node_memory_HugePages_Free Memory information field HugePages_Free.
# TYPE node_memory_HugePages_Free gauge
node_memory_HugePages_Free 40960
# HELP node_memory_HugePages_Rsvd Memory information field HugePages_Rsvd.
# TYPE node_memory_HugePages_Rsvd gauge
node_memory_HugePages_Rsvd 4096
# HELP node_memory_HugePages_Surp Memory information field HugePages_Surp.
# TYPE node_memory_HugePages_Surp gauge
node_memory_HugePages_Surp 0
# HELP node_memory_HugePages_Total Memory information field HugePages_Total.
# TYPE node_memory_HugePages_Total gauge
node_memory_HugePages_Total 57344
# HELP node_memory_Hugepagesize_bytes Memory information field Hugepagesize_bytes.
# TYPE node_memory_Hugepagesize_bytes gauge
node_memory_Hugepagesize_bytes 2.097152e+06
# HELP node_memory_Hugetlb_bytes Memory information field Hugetlb_bytes.
# TYPE node_memory_Hugetlb_bytes gauge
node_memory_Hugetlb_bytes 1.20259084288e+11
# HELP node_memory_MemAvailable_bytes Memory information field MemAvailable_bytes.
# TYPE node_memory_MemAvailable_bytes gauge
node_memory_MemAvailable_bytes 1.009887232e+10
# HELP node_memory_MemTotal_bytes Memory information field MemTotal_bytes.
# TYPE node_memory_MemTotal_bytes gauge
node_memory_MemTotal_bytes 1.35089340416e+11
"""
"""node_exporter 1.5.0 on a node whose kernel told so."""

PROBE = """\
# HELP scrooge_node_memory_total_bytes Memory of the node
# TYPE scrooge_node_memory_total_bytes gauge
scrooge_node_memory_total_bytes 135089340416
# HELP scrooge_node_memory_available_bytes Memory that is available without swapping
# TYPE scrooge_node_memory_available_bytes gauge
scrooge_node_memory_available_bytes 10098872320
# HELP scrooge_node_hugepages_total_bytes Memory set aside as hugepages
# TYPE scrooge_node_hugepages_total_bytes gauge
scrooge_node_hugepages_total_bytes 120259084288
# HELP scrooge_node_hugepages_free_bytes Memory in hugepages that no process has taken
# TYPE scrooge_node_hugepages_free_bytes gauge
scrooge_node_hugepages_free_bytes 85899345920
# HELP scrooge_node_hugepages_reserved_bytes Memory in free hugepages that is promised to processes
# TYPE scrooge_node_hugepages_reserved_bytes gauge
scrooge_node_hugepages_reserved_bytes 8589934592
"""
"""The probe on the same node."""

BODIES = {"node-exporter": NODE_EXPORTER, "scroogevm": PROBE}
TOTAL, AVAILABLE = 131923184 / 1024, 9862180 / 1024
FREE, RESERVED = 40960 * 2, 4096 * 2
FULL = TOTAL - AVAILABLE
"""MiB that look used where no hugepage is known to be free."""

both = pytest.mark.parametrize("dialect", BODIES)


def read(body: str) -> Reading:
    (reading,) = Parser(every_dialect(), "n").read(body.encode(), 0.0)
    return reading


def used(body: str) -> float:
    """MiB, as a collector has them; a server has the same."""
    reading = read(body)
    sample = Meter("n").sample([reading])
    assert sample is not None
    (dialect,) = (one for one in every_dialect() if one.name == reading.dialect)
    series = [
        TermSeries("n", place, np.zeros(1), np.array([float(line.split()[1])]))
        for line in body.splitlines()
        for place in dialect.places(line.split()[0], {})
    ]
    nodes, _ = quantities(series, ["mem_usage"])
    np.testing.assert_array_equal(nodes.values["mem_usage"], [sample.values["mem_usage"]])
    return sample.values["mem_usage"]


def changed(dialect: str, name: str, value: str) -> str:
    """What a dialect says, but for the one metric whose name has a part; without value nothing."""
    lines = BODIES[dialect].splitlines()
    (old,) = (line for line in lines if name in line.split()[0])
    new = [f"{old.split()[0]} {value}"] if value else []
    return "\n".join([*(line for line in lines if line != old), *new, ""])


@both
def test_free_hugepages_of_a_node_are_not_used_and_reserved_ones_are(dialect: str) -> None:
    assert read(BODIES[dialect]).dialect == dialect
    assert used(BODIES[dialect]) == pytest.approx(FULL - (FREE - RESERVED))
    assert used(BODIES[dialect]) < 0.36 * TOTAL < 0.92 * TOTAL < FULL


@both
@pytest.mark.parametrize("value", ["", "NaN", "-1", "1e300", "+Inf"])
def test_hugepages_of_which_too_little_is_known_count_as_used(dialect: str, value: str) -> None:
    names = {
        "node-exporter": ["HugePages_Free", "HugePages_Rsvd", "Hugepagesize"],
        "scroogevm": ["hugepages_free", "hugepages_reserved"],
    }
    for name in names[dialect]:
        assert used(changed(dialect, name, value)) == pytest.approx(FULL), name


@both
@pytest.mark.parametrize(("free", "wanted"), [("0", FULL), ("1", FULL), ("65000", 0.0)])
def test_usage_is_never_negative_and_never_more_for_hugepages(
    dialect: str, free: str, wanted: float
) -> None:
    name = "HugePages_Free"
    if dialect == "scroogevm":
        name, free = "hugepages_free", str(int(free) * 2**21)
    assert used(changed(dialect, name, free)) == pytest.approx(wanted)


def test_a_node_that_does_not_say_how_large_hugepages_are_is_told() -> None:
    lack = "no size of hugepages, or number of reserved ones"
    wanted = f"the exporter reports {lack}; free hugepages count as used"
    assert wanted not in lacking([read(NODE_EXPORTER)])
    for name in ("HugePages_Rsvd", "Hugepagesize"):
        assert wanted in lacking([read(changed("node-exporter", name, ""))])
    none = {"mem_total": 8.0, "huge_free_pages": 0.0, "huge_page_size": NAN}
    assert wanted not in lacking([Reading("n", 0.0, none)]), "there is no hugepage"
    some = {"huge_free_pages": 1.0, "huge_reserved_pages": 0.0, "huge_page_size": 2.0}
    assert wanted not in lacking([Reading("n", 0.0, some)]), "none is reserved"
