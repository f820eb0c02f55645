"""Commands of the pages about stores that are servers."""

import shlex
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import pytest

import servers
from commands import scroogevm
from documents import DOCS, ROOT, blocks
from scroogevm.cli import cli
from scroogevm.stores import open_store
from stores.cloud import DAY, DAYS, STEP, cloud, copied, imported

PAGES = ["influxdb", "prometheus"]


def commands(page: str) -> list[list[str]]:
    path = ROOT / page if page == "README.md" else DOCS / "howto" / f"{page}.md"
    shown = [block.text for block in blocks(path) if block.language == "bash"]
    return [shlex.split(line) for text in shown for line in text.splitlines()]


@pytest.mark.parametrize("page", PAGES)
def test_every_store_of_a_page_opens_with_its_options(page: str) -> None:
    opened = 0
    for words in commands(page):
        assert words[0] == "scroogevm"
        options = [words[i + 1] for i, word in enumerate(words) if word == "--store-option"]
        for word in words:
            if word.startswith(("influxdb:", "prometheus:", "victoriametrics:")):
                open_store(word, options).close()
                opened += 1
    assert opened > 3


@pytest.mark.parametrize("page", PAGES)
def test_every_command_can_be_typed(page: str) -> None:
    typed = 0
    for words in commands(page):
        command: click.Command | None = cli
        rest = [*words[1:]]
        while isinstance(command, click.Group):
            command = command.get_command(click.Context(command), rest.pop(0))
        assert command is not None
        command.make_context(words[1], rest)
        typed += 1
    assert typed > 2


@pytest.fixture(scope="module")
def addresses() -> Iterator[Mapping[str, str]]:
    """Servers that have the last three days, by the addresses that the pages name."""
    base = time.time() // STEP * STEP - DAYS * DAY
    history = cloud(base)
    with (
        servers.Prometheus(history=history) as prometheus,
        servers.VictoriaMetrics() as victoriametrics,
        servers.Influx1() as influx,
    ):
        imported(history, victoriametrics)
        with (
            open_store(f"prometheus:{prometheus.url}") as store,
            open_store(f"influxdb:{influx.url}/vmprobe", ["create=yes"]) as other,
        ):
            copied(store, other, base, base + DAYS * DAY)
        yield {
            "http://prometheus.example:9090": prometheus.url,
            "http://vm.example:8428": victoriametrics.url,
            "http://influx.example:8086": influx.url,
        }


@pytest.mark.parametrize("page", [*PAGES, "README.md"])
def test_every_command_that_reads_works_in_order(
    page: str, addresses: Mapping[str, str], tmp_path: Path
) -> None:
    ran = 0
    for words in commands(page):
        there = [*words[1:]]
        for shown, real in addresses.items():
            there = [word.replace(shown, real) for word in there]
        if there[0] == "collect":  # goes on for ever
            continue
        quick = ["--no-figures", "-s", "greedy"] if there[0] == "replay" else []
        done = scroogevm(*there, *quick, cwd=tmp_path)
        assert done.returncode == 0, f"{words}: {done.stderr}"
        ran += 1
    assert ran
    assert "would have freed" in (tmp_path / "report" / "report.html").read_text()
