"""Every command that the docs show can be typed, and does what its page needs next."""

import lzma
import re
import shlex
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import click
import polars as pl
import pytest
import zstandard
from click.testing import CliRunner

from documents import PAGES, ROOT, Block, blocks, named, shell
from scroogevm.cli import cli
from scroogevm.core.samples import Sample
from scroogevm.stores import open_store

every_page = pytest.mark.parametrize("page", PAGES, ids=named)


def parsed(words: Sequence[str]) -> click.Context:
    """The words as click understands them."""
    command: click.Command = cli
    context: click.Context | None = None
    rest = list(words[1:])
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        context = click.Context(command, parent=context)
        inner = command.get_command(context, rest[0])
        assert inner is not None, f"there is no command {rest[0]}"
        command, rest = inner, rest[1:]
    return command.make_context(command.name, rest, parent=context)


@every_page
def test_every_command_is_one_that_there_is(page: Path) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    for line in shell(page):
        words = shlex.split(line)
        if words[0] == "scroogevm":
            try:
                parsed(words)
            except click.exceptions.Exit as done:  # --help
                assert done.exit_code == 0  # parsing may end so
        elif words[0] == "make":
            assert set(words[1:]) <= set(targets), line
        else:
            assert words[0] in ("export", "apt-get"), line


def test_a_command_that_is_not_one_is_found_out() -> None:
    for line in ("replay t -o d --strategies x", "trace put x", "replay t", "trace place v -o d"):
        with pytest.raises((click.UsageError, AssertionError)):
            parsed(["scroogevm", *line.split()])


SMALL: Mapping[str, Sequence[str]] = {
    "generate": ("--windows", "6", "--interval", "600", "--vms", "4"),
    "replay": ("--workers", "1"),
    "probe": ("--once",),
    "quiescence": ("--workers", "1"),
}
"""What is added to a command so that running it takes a moment; later options win."""


FOR_EVER = ("--listen", "--textfile")
"""Options of what goes on until it is ended, as `serve` does: other tests run it."""


def run(line: str) -> None:
    words = shlex.split(line)[1:]
    if words[0] == "serve" or (words[0] == "probe" and set(words) & set(FOR_EVER)):
        return
    small = next((SMALL[word] for word in words[:3] if word in SMALL), ())
    done = CliRunner().invoke(cli, [*words, *small])
    problem = done.exception if done.exit_code else None
    assert problem is None, f"{line}: {problem}: {done.output}"


def demo(folder: Path) -> None:
    for scenario in ("decreasing", "increasing"):
        run(f"scroogevm trace generate --scenario {scenario} -o {folder}/demo/{scenario}")


def own(folder: Path) -> None:
    run(f"scroogevm trace generate -o {folder}/small --interval 300 --scope 3600")
    run(f"scroogevm replay {folder}/small --dump -s borg -o {folder}/dumped")
    dump = next((folder / "dumped").rglob("dump-borg.json"))
    shutil.copy(dump, folder / "node-a.json")
    (folder / "node-b.json.xz").write_bytes(lzma.compress(dump.read_bytes()))
    for name in ("node-a", "node-b"):
        packed = zstandard.ZstdCompressor().compress(dump.read_bytes())
        (folder / f"{name}.json.zst").write_bytes(packed)
    for table in ("nodes", "vms"):
        frame = pl.read_parquet(folder / "small" / table)
        frame.write_parquet(folder / f"{table}.parquet")
        if table == "vms":
            first = frame.filter(pl.col("node") == frame["node"][0])
            first.with_columns(pl.col("time").cast(pl.Int64)).write_csv(folder / "vms.csv")


def large(folder: Path) -> None:
    own(folder)
    (folder / "small").rename(folder / "large")


def public(folder: Path) -> None:
    """Two VMs in the layout of each publisher."""
    clock = range(1_400_000_000, 1_400_000_000 + 24 * 300, 300)
    header = "Timestamp [ms],CPU cores,CPU capacity provisioned [MHZ],CPU usage [MHZ],CPU usage [%]"
    header += ",Memory capacity provisioned [KB],Memory usage [KB]"
    gwa = [header, *(f"{time},2,5200,520,10,2097152,524288" for time in clock)]
    for name in ("fastStorage", "rnd"):
        for vm in ("1", "2"):
            write(folder / name / "2013-8" / f"{vm}.csv", [x.replace(",", ";\t") for x in gwa])
    for at, line in enumerate(gwa[1:], 1):
        hour, minute = divmod(5 * at, 60)
        gwa[at] = f"04.11.2015 {hour:02}:{minute:02}:00" + line[line.index(",") :]
    quoted = ['"' + line.replace(",", '";"') + '"' for line in gwa]
    write(folder / "GWA-T-13_Materna-Trace-1" / "01.csv", quoted)
    sizes = [f"{vm},s,d,0,9000,90,20,80,Unknown,{size}" for vm, size in (("a", 4), ("b", ">24"))]
    write(folder / "azure-v2" / "vmtable.csv", [f"{size},8" for size in sizes])
    readings = [f"{300 * at},{vm},1,50,25" for at in range(24) for vm in ("a", "b")]
    write(folder / "azure-v2" / "vm_cpu_readings-file-1-of-195.csv", readings)
    write(folder / "planetlab" / "20110303" / "host_slice", [str(at % 101) for at in range(288)])


def write(path: Path, lines: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


def samples(folder: Path) -> None:
    with open_store(str(folder / "samples")) as store:
        store.write([Sample("n", 1_700_000_000.0 + 5 * at, {"cpu": 4.0}) for at in range(99)])


def nothing(folder: Path) -> None:
    del folder


def readme(folder: Path) -> None:
    demo(folder)
    public(folder)


RUN: Mapping[str, Callable[[Path], None]] = {
    "README.md": readme,
    "docs/tutorial/first-replay.md": demo,
    "docs/howto/own-trace.md": own,
    "docs/howto/public-data.md": public,
    "docs/howto/generate.md": nothing,
    "docs/howto/probe.md": nothing,
    "docs/howto/compare.md": demo,
    "docs/howto/ask-quiescence.md": demo,
    "docs/howto/predecessor.md": demo,
    "docs/howto/large-traces.md": large,
    "docs/howto/settings.md": demo,
    "docs/howto/stores.md": samples,
    "docs/howto/collect.md": nothing,
    "docs/howto/serve.md": nothing,
}
"""Pages whose commands are run in order, and what has to be there before."""


@pytest.mark.parametrize("name", RUN)
def test_the_commands_of_a_page_work_in_order(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    RUN[name](tmp_path)
    shown = list(blocks(ROOT / name))
    assert any(block.language == "sh" for block in shown)
    for block in shown:
        follow(block, monkeypatch)


def follow(block: Block, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do what a block says, in the current folder."""
    if block.language == "python":
        exec(compile(block.text, "page", "exec"), {})  # noqa: S102  # our own pages
    elif block.language == "toml":
        Path("scroogevm.toml").write_text(block.text, "utf-8")
    elif block.language == "sh":
        for line in block.text.splitlines():
            if line.startswith("scroogevm "):
                run(line)
            elif line.startswith("export SCROOGEVM_"):
                monkeypatch.setenv(*shlex.split(line)[1].split("=", 1))


def test_pages_that_are_not_run_are_known() -> None:
    shown = {
        named(page) for page in PAGES if any(line.startswith("scroogevm") for line in shell(page))
    }
    # Its example has a test of its own; what the others start goes on until it is ended.
    others = {"docs/tutorial/dashboard.md", "docs/howto/openstack.md", "docs/howto/balloon.md"}
    assert shown - RUN.keys() == {"CONTRIBUTING.md"} | others
