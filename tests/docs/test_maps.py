"""The maps name every room that there is and no other; cases name tests that there are."""

import ast
import re
from pathlib import Path

import pytest

import scroogevm
from documents import DOCS, ROOT, code, section

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


def test_every_case_from_the_field_names_tests_that_there_are() -> None:
    tests = ROOT / "tests"
    lines = section(tests / "README.md", "Cases from the field").splitlines()
    cases = [line.split("|")[1:-1] for line in lines if line[:1] == "|"][2:]
    assert len(cases) > 20
    for case, right, shown in cases:
        assert case.strip(), shown
        assert right.strip(), case
        names = code(shown)
        assert names, f"{case} is shown by no test"
        for name in names:
            file, _, function = name.partition("::")
            tree = ast.parse((tests / file).read_text("utf-8"))
            found = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
            assert function.startswith("test_"), name
            assert function in found, f"{name} is not there"
