"""A service over a judged fleet, served on this machine."""

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from scroogevm.journal import Journal
from scroogevm.service.clock import FastClock
from scroogevm.service.gate import Gate
from scroogevm.service.reader import ServiceReader
from scroogevm.stores import open_store
from scroogevm.web.server import WebServer, WebSettings
from service.fleet import BEGIN, Fleet
from service.live import plan, run

HOURS = 4
ADMIN = "admin-token-of-the-tests"
READER = "reader-token-of-the-tests"


@dataclass
class Served:
    """What is served.

    Attributes:
        address: of the dashboard, with a slash at the end.
        reader: what it reads.
        clock: what it lives by; its ``_begin`` is the time.
        server: that serves.
    """

    address: str
    reader: ServiceReader
    clock: FastClock
    server: WebServer


@contextmanager
def serving(folder: Path, nodes: int = 20, *, tokens: bool = False) -> Iterator[Served]:
    """Judge some hours of a fleet, and serve what came of it."""
    with ExitStack() as stack:
        shutil.copytree(_judged(nodes), folder, dirs_exist_ok=True)
        store = stack.enter_context(open_store(f"embedded:{folder / 'store'}"))
        journal = stack.enter_context(Journal(folder / "journal.sqlite"))
        clock = FastClock(BEGIN + HOURS * 3600 + 20, float("inf"))
        reader = ServiceReader(
            journal, Gate(store), [], clock=clock, health=lambda: None, plans=lambda: [plan()]
        )
        settings = WebSettings("127.0.0.1:0", _tokens(folder) if tokens else None)
        server = WebServer(reader, settings)
        stack.callback(server.close)
        reader.hear_of(lambda _: server.beat())
        yield Served(server.address, reader, clock, server)


@cache
def _judged(nodes: int) -> Path:
    """A fleet whose windows were judged, made once for all tests."""
    folder = Path(tempfile.mkdtemp(prefix="judged-"))
    atexit.register(shutil.rmtree, folder)
    with open_store(f"embedded:{folder / 'store'}") as store:
        silent = {"n3": [(3 * 3600.0, 1e9)]} if nodes > 2 else {}
        Fleet(nodes=nodes, silent=silent).fill(store, BEGIN, BEGIN + HOURS * 3600)
        run(store, folder, HOURS * 3600)
    return folder


def _tokens(folder: Path) -> Path:
    path = folder / "tokens"
    path.write_text(f"# of the tests\nadmin ann {ADMIN}\nreader bob {READER}\n")
    return path
