"""Runs the command line as a user does: another process, whole output."""

import subprocess
import sys
from collections.abc import Mapping
from os import environ
from pathlib import Path

SCROOGEVM = Path(sys.executable).with_name("scroogevm")


def scroogevm(
    *words: str | Path, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run to the end."""
    return subprocess.run(
        [SCROOGEVM, *words],
        capture_output=True,
        text=True,
        check=False,
        env={**environ, **(env or {})},
        cwd=cwd,
        stdin=subprocess.DEVNULL,
    )


def fails(code: int, *words: str | Path) -> str:
    """Run what has to fail, with one line on stderr, nothing on stdout and no traceback."""
    done = scroogevm(*words)
    assert done.returncode == code, done
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("scroogevm: ")
    assert "Traceback" not in done.stderr
    return done.stderr


def python(code: str, **env: str) -> str:
    """What a piece of Python prints in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**environ, **env},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
