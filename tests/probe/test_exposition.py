"""The numbers as text: what others read out of it is what was put in."""

import math
import re
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse_text

from scroogevm.probe.exposition import number, render
from scroogevm.probe.snapshot import Domain, Snapshot, Values
from scroogevm.telemetry import terms
from scroogevm.telemetry.metrics import DOMAIN, NODE, PREFIX, Metric

Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]

names = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ['a"b', "a\\", "a\nb", "\\n", "ä{}=,", "{}", 'x"} 1\n# EOF']
)
finite = st.floats(0, 1e18)


def filled(values: Values, table: Mapping[str, Metric], draw: st.DrawFn) -> Values:
    for name in draw(st.sets(st.sampled_from(sorted(table)))):
        metric = table[name]
        if len(metric.labels) < 2:
            label = draw(names) if metric.labels else ""
            values.put(name, 1 if metric.kind == "info" else draw(finite), label)
    return values


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    domains = [
        Domain(
            draw(names),
            str(draw(st.uuids())),
            filled(Values(), DOMAIN, draw),
            draw(st.none() | st.tuples(names, names, names)),
        )
        for _ in range(draw(st.integers(0, 3)))
    ]
    return Snapshot(filled(Values(), NODE, draw), domains)


def expected(snapshot: Snapshot) -> Iterator[tuple[str, dict[str, str], float]]:
    for (name, label), value in snapshot.values.items():
        yield name, dict(zip(NODE[name].labels, [label], strict=False)), value
    for domain in snapshot.domains:
        own = {"domain": domain.name, "uuid": domain.uuid}
        for (name, label), value in domain.values.items():
            yield name, own | dict(zip(DOMAIN[name].labels, [label], strict=False)), value
        if domain.openstack:
            info = dict(zip(("name", "flavor", "project"), domain.openstack, strict=True))
            yield "scrooge_domain_openstack_info", own | info, 1.0


def read(text: str, *, openmetrics: bool) -> Series:
    parse = parse_openmetrics if openmetrics else parse_text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in parse(text)
        for sample in family.samples
    }


@pytest.mark.parametrize("openmetrics", [False, True])
@given(snapshot=snapshots())
def test_another_reader_reads_what_was_written(snapshot: Snapshot, *, openmetrics: bool) -> None:
    text = render(snapshot, openmetrics=openmetrics)
    wanted = {
        (name, tuple(sorted(labels.items()))): value for name, labels, value in expected(snapshot)
    }
    assert read(text, openmetrics=openmetrics) == wanted
    assert text.endswith("# EOF\n") is openmetrics
    assert text.count("# EOF\n") - text.count("\\n# EOF\n") <= 1


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_lose_nothing(value: float) -> None:
    assert float(number(value)) == value


@given(st.floats() | st.none())
def test_what_is_unknown_or_no_number_is_never_kept(value: float | None) -> None:
    values = Values()
    values.put("x", value)
    known = value is not None and math.isfinite(value)
    assert values == ({("x", ""): value} if known else {})


def test_every_family_is_described_once_before_its_samples() -> None:
    values = Values()
    for mode in ("user", "idle"):
        values.put("scrooge_node_cpu_seconds_total", 1.5, mode)
    values.put("scrooge_probe_info", 1, "9")
    assert render(Snapshot(values)) == (
        "# HELP scrooge_probe_info Version of the probe.\n"
        "# TYPE scrooge_probe_info gauge\n"
        'scrooge_probe_info{version="9"} 1\n'
        "# HELP scrooge_node_cpu_seconds_total Time that the cpus spent in each mode.\n"
        "# TYPE scrooge_node_cpu_seconds_total counter\n"
        'scrooge_node_cpu_seconds_total{mode="user"} 1.5\n'
        'scrooge_node_cpu_seconds_total{mode="idle"} 1.5\n'
    )
    assert render(Snapshot(values), openmetrics=True) == (
        "# HELP scrooge_probe Version of the probe.\n"
        "# TYPE scrooge_probe info\n"
        'scrooge_probe_info{version="9"} 1\n'
        "# HELP scrooge_node_cpu_seconds Time that the cpus spent in each mode.\n"
        "# TYPE scrooge_node_cpu_seconds counter\n"
        "# UNIT scrooge_node_cpu_seconds seconds\n"
        'scrooge_node_cpu_seconds_total{mode="user"} 1.5\n'
        'scrooge_node_cpu_seconds_total{mode="idle"} 1.5\n'
        "# EOF\n"
    )


@pytest.mark.parametrize(("table", "known"), [(NODE, terms.NODE), (DOMAIN, terms.VM)])
def test_names_are_as_prometheus_wants_them_and_every_term_is_fed(
    table: Mapping[str, Metric], known: Mapping[str, terms.Term]
) -> None:
    fed = set()
    for name, metric in {**NODE, **DOMAIN}.items():
        assert re.fullmatch(rf"{PREFIX}[a-z_]+", name)
        assert name.endswith("_total") is (metric.kind == "counter")
        assert name.endswith("_info") is (metric.kind == "info")
        assert not re.search("[.\\\\\n]", metric.meaning)
        if name in table:
            fed |= set(metric.terms.values())
    # A textfile collector says these of its files; the probe writes such a file, or serves itself.
    of_textfiles = {"textfiles", "textfile_time", "textfile_clock"}
    # Other exporters name a VM in metrics that are no numbers of it.
    # The probe tells the memory of hugepages; node_exporter tells their number and their size.
    of_pages = {"huge_free_pages", "huge_reserved_pages", "huge_page_size"}
    assert fed == set(known) - of_textfiles - {"listed"} - of_pages
