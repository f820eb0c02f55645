"""One name means one thing in the whole package."""

import ast
from collections import defaultdict
from pathlib import Path

import scroogevm

SOURCES = Path(scroogevm.__file__).parent


def test_no_two_classes_have_one_name() -> None:
    where = defaultdict(list)
    for path in sorted(SOURCES.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                where[node.name].append(path.relative_to(SOURCES).as_posix())
    assert {name: places for name, places in where.items() if len(places) > 1} == {}
