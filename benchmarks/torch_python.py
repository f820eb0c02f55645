"""An interpreter that has PyTorch, which nothing but a benchmark wants."""

import json
import os
import subprocess
import venv
from pathlib import Path

from benchmarks.measure import CACHE

WANTED = "torch==2.13.0"
NAMED = "TORCH_PYTHON"
INSTALL = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", WANTED)


class NoTorchError(Exception):
    """There is none, and why."""


def torch_python() -> Path:
    """The interpreter that ``TORCH_PYTHON`` names, else one in a virtual environment, made once.

    Raises:
        NoTorchError: PyTorch cannot be installed, or would come with gigabytes for a graphics card.
    """
    if os.environ.get(NAMED):
        return Path(os.environ[NAMED])
    folder = CACHE / "torch"
    python, done = folder / "bin" / "python", folder / "done"
    if done.exists() and done.read_text() == WANTED:
        return python
    venv.create(folder, clear=True, with_pip=True)
    report = folder / "report.json"
    _pip(python, "--dry-run", "--report", str(report))
    plan = [each["metadata"]["name"] for each in json.loads(report.read_text())["install"]]
    if any(name.startswith("nvidia") for name in plan):
        raise NoTorchError(
            f"{WANTED} from here brings {len(plan)} packages with it, for graphics cards; let pip "
            f"find a wheel for processors first, or name an interpreter in {NAMED}"
        )
    _pip(python)
    done.write_text(WANTED)
    return python


def _pip(python: Path, *more: str) -> None:
    ended = subprocess.run([python, *INSTALL, *more], capture_output=True, text=True, check=False)
    if ended.returncode:
        last = ended.stderr.strip().rpartition("\n")[2]
        raise NoTorchError(
            f"{WANTED} cannot be installed ({last}); {NAMED} may name an interpreter"
        )
