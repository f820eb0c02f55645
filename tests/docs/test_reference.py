"""If a thing has a name, the built docs have that name."""

import doctest
import re
from collections.abc import Iterator, Sequence
from html import unescape
from importlib import import_module
from pathlib import Path

import click
import pytest

from documents import DOCS, PAGES, ROOT, blocks
from scroogevm.balloon.mode import MODES
from scroogevm.balloon.refusal import REFUSALS
from scroogevm.balloon.rule import RULES
from scroogevm.cli import cli
from scroogevm.cli._tables import Tables
from scroogevm.collect.failure import REASONS
from scroogevm.collect.resolve import KEYS
from scroogevm.collect.self_metrics import METRICS
from scroogevm.errors import ScroogeError
from scroogevm.offers.guard import GUARDS
from scroogevm.openstack.check import CHECKS
from scroogevm.ports import DIALECTS, QUIESCENCE, STORES, STRATEGIES
from scroogevm.probe.capabilities import CAPABILITIES
from scroogevm.registry import Family
from scroogevm.registry.catalogue import catalogue
from scroogevm.scoring import SCORES
from scroogevm.telemetry import metrics, terms
from scroogevm.telemetry.report import NODE as NODE_LACKS
from scroogevm.telemetry.report import VMS as VM_LACKS
from scroogevm.traces.dataset import DATASETS, VM_TABLE
from scroogevm.traces.format import FORMATS
from scroogevm.traces.generate.mixes import MIXES
from scroogevm.traces.generate.scenarios import SCENARIOS
from scroogevm.traces.manifest import Manifest
from scroogevm.traces.tables import NODES, VMS


def page(built: Path, name: str) -> str:
    return (built / "reference" / f"{name}.html").read_text("utf-8")


def section(html: str, name: str) -> str:
    """The section of that id, as people see it: without tags, white space folded."""
    _, found, rest = html.partition(f'<section id="{name}">')
    assert found, f"there is no section {name}"
    return text(rest.partition("</section>")[0])


def text(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", "", html)).split())


def cells(html: str) -> list[str]:
    """What stands in the cells of tables."""
    return [text(cell) for cell in re.findall(r"<td>(.*?)</td>", html, re.DOTALL)]


@pytest.mark.parametrize(
    ("family", "kind", "name"),
    [
        (STRATEGIES, "strategy", "strategies"),
        (QUIESCENCE, "quiescence", "quiescence"),
        (GUARDS, "guard", "guards"),
        (MODES, "mode", "balloon-modes"),
        (REFUSALS, "refusal", "balloon-refusals"),
        (RULES, "rule", "balloon-rules"),
        (CHECKS, "check", "placement"),
        (STORES, "store", "stores"),
        (FORMATS, "format", "traces"),
        (DATASETS, "dataset", "datasets"),
        (DIALECTS, "dialect", "dialects"),
    ],
)
def test_every_plug_in_has_a_section_with_its_parameters(
    built: Path, family: Family, kind: str, name: str
) -> None:
    html = page(built, name)
    for entry in catalogue(family):
        shown = section(html, f"{kind}-{entry.name}")
        for words in (entry.summary, entry.formula, entry.source, *entry.aliases):
            assert " ".join(words.split()).replace("``", "") in shown, words
        for item, default in zip(entry.parameters, entry.written, strict=True):
            assert f"{item.name} {item.meaning} {default}".strip() in shown


def test_every_command_has_a_section_with_its_options(built: Path) -> None:
    html = page(built, "cli")
    for path, command in commands():
        shown = section(html, path.replace(" ", "-"))
        for item in given(command):
            names = item.opts if isinstance(item, click.Option) else [str(item.name).upper()]
            for name in [*names, *item.secondary_opts]:
                assert name in shown, f"{path} {name}"


def given(command: click.Command) -> list[click.Parameter]:
    """What can be given on the command line."""
    return [item for item in command.params if not isinstance(item, Tables)]


def test_tables_of_the_settings_file_are_listed(built: Path) -> None:
    wanted = {"[[collect.targets]]", "[collect.names]", "[collect.dialects]"}
    assert wanted <= set(cells(page(built, "settings")))


def commands(
    group: click.Group = cli, path: str = "scroogevm"
) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def test_every_option_has_a_variable_that_click_reads(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    html = page(built, "settings")
    for path, command in commands():
        shown = section(html, path.removeprefix("scroogevm ").replace(" ", "-"))
        context = click.Context(command, auto_envvar_prefix=path.replace(" ", "_").upper())
        for item in given(command):
            if isinstance(item, click.Option):
                *_, name = item.opts
                _, found, rest = shown.partition(f"{name} SCROOGEVM_")
                assert found, f"{path} {name}"
                variable = f"SCROOGEVM_{rest.split()[0]}"
                monkeypatch.setenv(variable, "1")
                assert item.resolve_envvar_value(context) == "1", variable


def test_variables_that_pages_name_are_listed(built: Path) -> None:
    listed = set(re.findall(r"SCROOGEVM_[A-Z_]+", page(built, "settings")))
    listed.add("SCROOGEVM_WINDOW")  # is told to commands of sinks, and read by nobody here
    for path in PAGES:
        assert set(re.findall(r"SCROOGEVM_[A-Z_]+", path.read_text("utf-8"))) <= listed, path


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("scores", list(SCORES)),
        ("traces", [*NODES, *VMS, *(item for item in Manifest.__dataclass_fields__)]),
        ("datasets", [*VM_TABLE, *SCENARIOS, *MIXES]),
        ("probe-metrics", [*metrics.NODE, *metrics.DOMAIN, *CAPABILITIES]),
        ("collect", [*KEYS, *METRICS, *REASONS]),
        ("dialects", [*terms.NODE, *terms.VM, *(lack.cost for lack in (*NODE_LACKS, *VM_LACKS))]),
        ("errors", [error.__name__ for error in ScroogeError.__subclasses__()]),
    ],
)
def test_every_name_stands_in_a_table(built: Path, name: str, wanted: Sequence[str]) -> None:
    assert set(wanted) <= set(cells(page(built, name)))


def test_every_page_is_reached_from_the_index(built: Path) -> None:
    index = (built / "index.html").read_text("utf-8")
    parts = {path.relative_to(DOCS) for path in DOCS.glob("performance/bench_*.md")}
    for path in DOCS.rglob("*.md"):
        name = path.relative_to(DOCS)
        if name.parts[0] != "_build" and name not in parts:
            assert f'href="{name.with_suffix(".html")}"' in index or name.stem == "index"


def test_the_how_to_of_a_strategy_holds_what_contributing_says(built: Path) -> None:
    html = text((built / "howto" / "add-a-strategy.html").read_text("utf-8"))
    (example,) = (block for block in blocks(ROOT / "CONTRIBUTING.md") if block.language == "python")
    assert " ".join(example.text.split()) in html


def test_the_extension_refuses_a_block_that_there_is_not_and_its_example_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(DOCS / "_ext")
    assert doctest.testmod(import_module("generated.markdown")) == (0, 1)
    with pytest.raises(KeyError, match="nonsense"):
        import_module("generated").expanded("% generated: nonsense\n")
