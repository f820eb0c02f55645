"""The maps of the house name every room that there is, and no other."""

import re
from pathlib import Path

import pytest

import scroogevm
from documents import DOCS, ROOT, section

HOUSE = Path(scroogevm.__file__).parent
ROOMS = {path.stem for path in HOUSE.iterdir() if path.suffix == ".py" or path.is_dir()} - {
    "__init__",
    "__main__",
    "__pycache__",
}


@pytest.mark.parametrize(
    ("page", "part"),
    [(ROOT / "CONTRIBUTING.md", "Where things are"), (DOCS / "explanation" / "loop.md", "Layers")],
)
def test_a_map_names_every_room(page: Path, part: str) -> None:
    cells = [line.split("|")[1] for line in section(page, part).splitlines() if line[:1] == "|"]
    names = {name.removesuffix(".py") for cell in cells for name in re.findall(r"[\w.]+", cell)}
    assert names >= ROOMS


def test_the_map_names_no_room_that_is_not_there() -> None:
    named = re.findall(r"`src/scroogevm/([\w./]+)`", (ROOT / "CONTRIBUTING.md").read_text("utf-8"))
    missing = [name for name in named if not (HOUSE / name).exists()]
    assert missing == ["strategies/fading_peak.py"]  # the page's own example
