"""The changelog knows the version."""

from documents import ROOT
from scroogevm import __version__


def test_the_newest_version_stands_first() -> None:
    lines = (ROOT / "CHANGELOG.md").read_text("utf-8").splitlines()
    newest = next(line for line in lines if line.startswith("## "))
    assert newest.split()[1] == __version__
