"""A Dask cluster of real processes on this machine, and what runs on it."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scroogevm.ports import Chunk
from scroogevm.traces.format import TraceSource


@contextmanager
def cluster(workers: int, pem: Path | None = None) -> Iterator[str]:
    """A scheduler and workers without anybody who starts them again; its address.

    Args:
        workers: how many.
        pem: a certificate with its key, for TLS; it is its own authority.
    """
    secured = [f"--tls-{name}={pem}" for name in ("ca-file", "cert", "key")] if pem else []
    scheme = "tls" if pem else "tcp"
    paths = [str(Path(__file__).parent), *sys.path]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    dask = (sys.executable, "-m", "distributed.cli.dask_scheduler", "--no-dashboard")
    running: list[subprocess.Popen[str]] = []
    try:
        words = [*dask, "--host", f"{scheme}://127.0.0.1", "--port", "0", *secured]
        running.append(_start(words, environment))
        address = _said(running[0], rf"Scheduler at:\s+({scheme}://\S+)")
        worker = (sys.executable, "-m", "distributed.cli.dask_worker", address)
        for _ in range(workers):
            options = ["--no-nanny", "--nthreads", "1", "--no-dashboard"]
            host = ["--host", f"{scheme}://127.0.0.1"]
            running.append(_start([*worker, *options, *host, *secured], environment))
            _said(running[-1], rf"Registered to:\s+({scheme}://\S+)")
        yield address
    finally:
        for process in running:
            process.kill()
            process.communicate()


def _start(command: Sequence[str], environment: dict[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def _said(process: "subprocess.Popen[str]", pattern: str) -> str:
    assert process.stderr is not None
    heard = []
    for line in process.stderr:
        heard.append(line)
        found = re.search(pattern, line)
        if found:
            return found[1]
    raise AssertionError("".join(heard))


@dataclass(frozen=True)
class KillsOnce:
    """Kills the process that reads the chunk, the first time."""

    load: Callable[[], Chunk]
    marker: Path

    def __call__(self) -> Chunk:
        if not self.marker.exists():
            self.marker.write_text("killed")
            os.kill(os.getpid(), signal.SIGKILL)
        return self.load()


@dataclass(frozen=True)
class Deadly:
    """A source whose second chunk kills the first process that reads it."""

    source: TraceSource
    marker: Path

    def loads(self) -> Iterable[Callable[[], Chunk]]:
        for number, load in enumerate(self.source.loads()):
            yield KillsOnce(load, self.marker) if number == 1 else load
