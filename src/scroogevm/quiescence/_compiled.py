"""Compiles functions with Numba, and caches their machine code between runs if possible."""

import os
import stat
import tempfile
from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec, TypeVar

from numba import config, njit

P = ParamSpec("P")
R = TypeVar("R")


def compiled(*, parallel: bool = False) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Compile on first use; operations keep their order and are rounded as IEEE 754 says.

    The code is kept in ``NUMBA_CACHE_DIR``, or else beside the source, or in the user's cache, or
    in a temporary directory of the user. If none can be written, it is compiled in every process.

    Args:
        parallel: whether ``prange`` spreads a loop over threads.
    """

    def compile_(function: Callable[P, R]) -> Callable[P, R]:
        wanted: Callable[..., Any] = partial(
            njit, function, nogil=True, error_model="numpy", parallel=parallel
        )
        try:
            made: Callable[P, R] = wanted(cache=True)
        except RuntimeError:  # Numba found no place that can be written
            made = _kept_elsewhere(wanted)
        return made

    return compile_


def _kept_elsewhere(wanted: Callable[..., Any]) -> Any:
    settings: Any = config
    before = settings.CACHE_DIR
    try:
        settings.CACHE_DIR = _own_directory()  # read at once, not when the function is called
        return wanted(cache=True)
    except (OSError, RuntimeError):
        return wanted()
    finally:
        settings.CACHE_DIR = before


def _own_directory() -> str:
    """A temporary directory that nobody else can write, because its cached code is run later.

    Raises:
        OSError: there is no such directory.
    """
    path = os.path.join(tempfile.gettempdir(), f"scroogevm-compiled-{os.getuid()}")  # noqa: PTH118  # the heart may not import pathlib
    try:
        os.mkdir(path, 0o700)  # noqa: PTH102  # likewise
    except FileExistsError:
        found = os.lstat(path)
        ours = found.st_uid == os.getuid() and stat.S_IMODE(found.st_mode) & 0o077 == 0
        if not (ours and stat.S_ISDIR(found.st_mode)):
            raise
    return path
