"""Reads CSV as text first, so that a value that is not a number is reported with its place."""

import gzip
from collections.abc import Iterable, Sequence
from pathlib import Path

import polars as pl

from scroogevm.errors import TraceError
from scroogevm.traces.dataset import FILE, NO_NUMBER


def files_below(path: Path, pattern: str) -> Sequence[Path]:
    """Files of a name, plain or gzipped, in a directory and below, in order.

    What is hidden never counts: desktops and archivers leave such files (``._1.csv``).
    """
    if path.is_file():
        return [path]
    found = {*path.rglob(pattern), *path.rglob(f"{pattern}.gz")}
    return sorted(file for file in found if file.is_file() and not is_hidden(file, path))


def is_hidden(file: Path, root: Path) -> bool:
    """Whether a name below ``root`` on the way to a file begins with a dot."""
    return any(part.startswith(".") for part in file.relative_to(root).parts)


def first_lines(path: Path, number: int = 1) -> Sequence[str]:
    """The first lines of a file, plain or gzipped; empty ones where there are none to be read."""
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8", errors="replace") as lines:
            return [str(lines.readline(100_000)).rstrip("\r\n") for _ in range(number)]
    except (OSError, EOFError):
        return [""] * number


def bare(files: Sequence[Path], columns: Sequence[str]) -> pl.LazyFrame:
    """Files without a header, every field as text, and ``FILE``."""
    return pl.scan_csv(
        list(files),
        has_header=False,
        schema=dict.fromkeys(columns, pl.String),
        include_file_paths=FILE,
        glob=False,
        raise_if_empty=False,
    )


def headed(path: Path, separator: str, encoding: str = "utf8-lossy") -> pl.LazyFrame:
    """A file with a header, every field as text, and ``FILE``; names lose their blanks.

    Raises:
        TraceError: it has no header.
    """
    (line,) = first_lines(path)
    if not line.strip():
        raise TraceError("has no header, or cannot be read", where=str(path))
    frame = pl.scan_csv(
        path,
        separator=separator,
        infer_schema=False,
        include_file_paths=FILE,
        glob=False,
        encoding="utf8" if encoding == "utf8" else "utf8-lossy",
    )
    return frame.rename(str.strip)


def number(text: pl.Expr, *, comma: bool = False) -> pl.Expr:
    """Text as a number of 0 or more; null where empty, ``NO_NUMBER`` where it is anything else.

    Args:
        text: the expression.
        comma: whether decimals are written with a comma, so that a full stop is none.
    """
    text = text.str.strip_chars()
    plain = text.str.replace_all(".", "!", literal=True) if comma else text
    value = plain.str.replace(",", "." if comma else "!", literal=True).cast(
        pl.Float64, strict=False
    )
    right = value.is_between(0, 1e300)
    empty = text.is_null() | (text == "") | text.str.to_lowercase().is_in(["nan", "null"])
    return pl.when(right).then(value).when(empty).then(None).otherwise(NO_NUMBER)


def first_unreadable(queries: Iterable[tuple[Path, pl.LazyFrame]], otherwise: Path) -> Path:
    """The first file whose query fails: Polars does not say which of many it was."""
    for path, query in queries:
        try:
            query.select(pl.all().count()).collect(engine="streaming")
        except (OSError, pl.exceptions.PolarsError):
            return path
    return otherwise
