"""``scroogevm serve`` in a process of its own, over exporters of two nodes; windows of 2 s."""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from collect.exporters import Exporters, Handler, exposition
from collect.running import Running

TOKEN = "admin-token-of-these-tests"  # noqa: S105  # lets in nobody but the tests
QUICK = (
    "--scope", "2s", "--interval", "0.4", "--settle", "0.5", "--grace", "3s", "--warm-up", "1m",
    "--strategy", "persistence", "--shadow", "greedy", "--guard", "warm:windows=2",
    "--guard", "step:most=1", "--listen", "127.0.0.1:0",
)  # fmt: skip
NAMES = ("n1", "n2")


@contextmanager
def exporting() -> Iterator[Exporters]:
    """Exporters of both nodes."""
    with Exporters({f"/{name}": answer for name in NAMES}) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def answer(handler: Handler) -> None:
    """A node whose VMs use half a core each."""
    at = handler.server.at
    handler.say(200, exposition(handler.server.began + at, at))


class Serving(Running):
    """The service.

    Args:
        folder: where it runs.
        exporters: of the nodes.
        words: further options.
        before: options before the command.
        tokens: whether its dashboard asks for ``TOKEN``.
        lost: seconds without a sample after which nothing is offered.
    """

    def __init__(
        self,
        folder: Path,
        exporters: Exporters,
        *words: str | Path,
        before: Sequence[str | Path] = (),
        tokens: bool = True,
        lost: float = 3.0,
    ) -> None:
        (folder / "tokens").write_text(f"admin ann {TOKEN}\n")
        targets = [f"{name}={exporters.url(f'/{name}')}" for name in NAMES]
        asked = [word for target in targets for word in ("--target", target)]
        guarded = ("--tokens", "tokens") if tokens else ()
        guards = ("--guard", f"lost:after={lost:g}")
        every = (*asked, *QUICK, *guards, *guarded, *words)
        super().__init__(folder, *every, before=before, command="serve")

    @property
    def url(self) -> str:
        """Of its dashboard."""
        return self.hears(r"dashboard: (\S+)")[1]

    def status(self) -> dict[str, Any]:
        """What its file says; nothing before the first window."""
        path = self.folder / "scroogevm-data" / "status.json"
        found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {"nodes": {}}
        return found

    def offer(self, node: str, resource: str = "cpu") -> dict[str, Any]:
        """The offer of a node; empty where nothing is told."""
        found = self.status()["nodes"].get(node)
        return dict(found["resources"][resource]) if found else {}

    def state(self, node: str) -> str:
        """Of the cpu of a node; empty where nothing is told."""
        return str(self.offer(node).get("state", ""))
