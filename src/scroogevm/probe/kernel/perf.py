"""Reads performance counters of all cpus, and of the threads of a VM."""

import ctypes
import errno
import os
import platform
import resource
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Final

from scroogevm.hypervisor.files import text

EVENTS: Final[Mapping[str, tuple[int, int]]] = {
    "cpu_cycles": (0, 0),
    "instructions": (0, 1),
    "cache_references": (0, 2),
    "cache_misses": (0, 3),
    "branch_instructions": (0, 4),
    "branch_misses": (0, 5),
    "task_clock": (1, 1),
    "page_faults": (1, 2),
    "context_switches": (1, 3),
    "cpu_migrations": (1, 4),
}
"""Kind (0 hardware, 1 software) and number of each event, as the kernel has them."""

_CALLS = {"x86_64": 298, "aarch64": 241, "riscv64": 241, "ppc64le": 319, "s390x": 331}
_CLOSE_ON_EXEC = 8
_INHERIT = 2  # threads that a thread starts later are counted with it
_TIMES = 3  # with the count come ns enabled, and ns counted: there are few counters, used in turn
_ATTRIBUTES = struct.Struct("=IIQQQQQIIQ")
_COUNT = struct.Struct("=QQQ")
_WHY = {
    errno.ENOENT: "this machine has none",
    errno.EACCES: "not allowed (it needs CAP_PERFMON)",
    errno.EPERM: "not allowed (it needs CAP_PERFMON)",
    errno.EMFILE: "too many open files (LimitNOFILE=)",
}
_PASSING = (errno.ESRCH, errno.ENODEV)

Open = Callable[[int, int, int, int], int]
"""Opens a counter: kind, number, thread or -1, cpu or -1."""


@cache
def _system() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def open_counter(kind: int, number: int, thread: int, cpu: int) -> int:
    """Have the kernel count an event.

    Raises:
        OSError: it does not, or not for us.
    """
    call = _CALLS.get(platform.machine())
    if call is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    size = _ATTRIBUTES.size
    attributes = _ATTRIBUTES.pack(kind, size, number, 0, 0, _TIMES, _INHERIT, 0, 0, 0)
    handle = int(
        _system().syscall(
            ctypes.c_long(call),
            ctypes.create_string_buffer(attributes, size),
            ctypes.c_int(thread),
            ctypes.c_int(cpu),
            ctypes.c_int(-1),
            ctypes.c_ulong(_CLOSE_ON_EXEC),
        )
    )
    if handle < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return handle


class Counters:
    """One process's, or the node's, counters. An event that cannot be counted whole is absent."""

    def __init__(self, places: Iterable[tuple[int, int]], opener: Open = open_counter) -> None:
        self.refused: dict[str, str] = {}
        self._handles: dict[str, list[int]] = {}
        places = list(places)
        for name, event in EVENTS.items():
            handles: list[int] = []
            try:
                for place in places:
                    with _unless_gone():
                        handles.append(opener(*event, *place))
            except OSError as error:
                _close(handles)
                self.refused[name] = _WHY.get(error.errno or 0) or os.strerror(error.errno or 0)
            else:
                if handles:
                    self._handles[name] = handles

    def read(self) -> dict[str, float]:
        """Counts since they were opened, by event."""
        return {name: sum(map(_read, handles)) for name, handles in self._handles.items()}

    def close(self) -> None:
        """Stop counting."""
        for handles in self._handles.values():
            _close(handles)
        self._handles = {}


def of_node(procfs: Path) -> list[tuple[int, int]]:
    """Places of counters that count everything: one a cpu."""
    lines = (text(procfs / "stat") or "").splitlines()
    names = (line.split(maxsplit=1)[0] for line in lines if line.startswith("cpu"))
    return [(-1, int(name[3:])) for name in names if name[3:].isdecimal()]


def of_process(procfs: Path, pid: int) -> list[tuple[int, int]]:
    """Places of counters that count a process: one a thread."""
    folders = (procfs / str(pid) / "task").glob("[0-9]*")
    return [(int(folder.name), -1) for folder in folders]


def allow_many() -> None:
    """Have as many files open as we may: counters are many."""
    with suppress(ValueError, OSError):
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@contextmanager
def _unless_gone() -> Iterator[None]:
    """Pass over a thread that has ended, or a cpu that was taken out."""
    try:
        yield
    except OSError as error:
        if error.errno not in _PASSING:
            raise


def _read(handle: int) -> float:
    """A count, scaled up to the time in which it shared its counter with others."""
    try:
        count, enabled, counted = _COUNT.unpack(os.read(handle, _COUNT.size))
    except (OSError, struct.error):
        return 0.0
    return float(count * enabled / counted) if counted else 0.0


def _close(handles: Iterable[int]) -> None:
    for handle in handles:
        with suppress(OSError):
            os.close(handle)
