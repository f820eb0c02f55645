"""The tutorial, word for word: a VM, a probe, the service, and what they answer.

Only ports are others, and windows last 6 s where the page takes 30 s.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from documents import DOCS, ROOT, blocks
from hypervisor.nodes import IMAGE, Node
from servers import wait

pytestmark = pytest.mark.hypervisor

PAGE = DOCS / "tutorial" / "dashboard.md"


def typed(page: Path, begin: str) -> str:
    """The line of the page that begins so."""
    lines = [line for one in blocks(page) for line in one.text.splitlines()]
    (line,) = [line for line in lines if line.startswith(begin)]
    return line


@contextmanager
def going(node: Node, line: str, env: Mapping[str, str], folder: Path) -> Iterator[Path]:
    """A command that goes on until it is ended; what it says."""
    words = [*node.inside, "env", "-C", str(folder), *shlex.split(line)]
    said = folder / shlex.split(line)[1]
    with said.open("w") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log, env=env)
    try:
        yield said
    finally:
        process.terminate()
        assert process.wait(60) == 0, said.read_text()


def test_the_tutorial_leads_to_an_offer_of_this_machine(tmp_path: Path) -> None:
    venv = Path(sys.executable).parents[1]
    env = {
        **os.environ,
        "PATH": f"{venv / 'bin'}:{os.environ['PATH']}",
        "SCROOGEVM_GUEST": str(IMAGE),
        "VENV": str(venv),
    }

    def answer(line: str) -> str:
        """What a command prints."""
        return subprocess.run(
            [*shlex.split(line), "--url", url],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        ).stdout

    probe = f"{typed(PAGE, 'scroogevm probe')} --listen 127.0.0.1:0"
    serve = f"{typed(PAGE, 'scroogevm serve')} --listen 127.0.0.1:0".replace("30s", "6s")
    status, explain, place = (typed(PAGE, f"scroogevm {w}") for w in ("status", "explain", "place"))
    with Node("n3") as node:
        made = subprocess.run(
            [*node.inside, "env", "-C", str(ROOT), *shlex.split(typed(PAGE, "make guest"))],
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 0, made.stdout + made.stderr
        assert "the VM guest runs: 1 vCPU, 256 MiB" in made.stdout
        with ExitStack() as stack:
            said = stack.enter_context(going(node, probe, env, tmp_path))
            serving = r"serving http://127.0.0.1:(\d+)/"
            (at,) = wait(lambda: re.findall(serving, said.read_text()), "the probe")
            told = stack.enter_context(going(node, serve.replace("19177", at), env, tmp_path))
            (url,) = wait(lambda: re.findall(r"dashboard: (\S+)", told.read_text()), "the service")
            wait(
                lambda: (why := answer(explain)) and "of 4 windows were seen" not in why,
                "four windows",
                every=1.0,
            )
            assert "here" in answer(status)
            assert "the allocation of VMs is 1." in answer(explain)
            assert "percentile estimates a demand of" in answer(explain)
            assert "web1" in answer(place)
