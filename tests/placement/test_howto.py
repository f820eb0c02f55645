"""The how-to for operators works as it is typed, on a real Placement."""

import shlex
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from documents import DOCS, blocks
from offered import node, resource, status
from openstacks import Cloud, clouds_yaml, noauth
from scroogevm.cli import cli
from scroogevm.files import replace_file
from scroogevm.statusfile import to_json

PAGES = (DOCS / "howto" / "openstack.md", DOCS / "reference" / "placement.md")


def test_the_commands_of_the_page_work_in_order(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    clouds_yaml(tmp_path, {"prod": noauth(cloud.placement)})
    names = ("compute-7", "compute-8")
    for name in names:
        cloud.host(f"{name}.example.org")
    before = cloud.whole()
    told = status(*(node(name, resource(free=80), vms=0) for name in names))
    replace_file(tmp_path / "status.json", to_json(told))
    for command in ("DOCTOR", "PLAN", "ADOPT", "APPLY"):
        monkeypatch.setenv(f"SCROOGEVM_PLACEMENT_{command}_FILE", "status.json")
    ratios = []
    for block in blocks(PAGES[0]):
        for line in block.text.splitlines() if block.language == "sh" else ():
            if line.startswith("scroogevm"):
                done = CliRunner().invoke(cli, shlex.split(line)[1:])
                assert done.exit_code == 0, (line, done.output, done.exception)
                ratios.append([cloud.ratio(f"{name}.example.org") for name in names])
    assert [1.25, 1.0] in ratios  # the canary alone
    assert cloud.whole() == before


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_settings_of_the_pages_are_understood(page: Path, tmp_path: Path) -> None:
    shown = [one.text for one in blocks(page) if one.language == "toml"]
    assert shown
    for text in shown:
        assert "placement" in tomllib.loads(text)
        (tmp_path / "scroogevm.toml").write_text(text, "utf-8")
        words = ["--config", str(tmp_path / "scroogevm.toml"), "placement"]
        words += ["--data", str(tmp_path), "rollback"]
        done = CliRunner().invoke(cli, words)
        assert "there is no journal" in str(done.exception)
