"""Time and memory of commands, each in a fresh process."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

SCROOGEVM = str(Path(sys.executable).with_name("scroogevm"))
CACHE = Path(__file__).parent / "out"


@dataclass(frozen=True)
class Cost:
    """What a command took.

    Attributes:
        seconds: wall-clock time.
        peak: largest resident memory of all its processes together, MiB; pages they share are
            counted in each, so it is an upper bound.
    """

    seconds: float
    peak: float


def cost(command: Sequence[str]) -> Cost:
    """Run a command to its end.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, _resident(process.pid))
        time.sleep(0.02)
    seconds = time.perf_counter() - start
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Cost(seconds, peak)


def best(command: Sequence[str], times: int = 3) -> Cost:
    """The fastest of several runs: the others met more of what else the machine was doing."""
    return min((cost(command) for _ in range(times)), key=lambda one: one.seconds)


def in_turn(
    commands: Mapping[str, Sequence[str]], times: int
) -> Mapping[str, Sequence[tuple[float, float]]]:
    """Wall-clock and core seconds of commands as users type them, (seconds, core seconds) a run.

    They run one after the other, again and again, so that what else the machine does meets all of
    them alike. Modules are compiled and files are in the page cache: a first round is not counted.

    Raises:
        subprocess.CalledProcessError: one failed.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for number in range(times + 1):
        for name, command in commands.items():
            start = time.perf_counter()
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=kept)
            _, status, used = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                raise subprocess.CalledProcessError(process.returncode, command)
            if number:
                found[name].append((seconds, used.ru_utime + used.ru_stime))
    return found


def python(code: str, *arguments: str) -> Sequence[str]:
    """A command that runs a piece of Python."""
    return (sys.executable, "-c", code, *arguments)


def _resident(pid: int) -> float:
    total = 0
    try:
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):
            try:
                total += one.memory_info().rss
            except psutil.NoSuchProcess:
                continue
    except psutil.NoSuchProcess:
        return 0.0
    return total / 2**20
