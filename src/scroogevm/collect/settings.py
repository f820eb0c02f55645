"""Settings of the collector, all checked before anything starts."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scroogevm.collect.env import Env, read_env
from scroogevm.collect.metrics_endpoint import local_address
from scroogevm.collect.resolve import Resolver
from scroogevm.collect.target import Nodes
from scroogevm.collect.target_spec import Wish, from_discovery, from_table, from_word
from scroogevm.errors import MisuseError
from scroogevm.ranges import out_of_range

DEFAULT_STORE = "embedded:scroogevm-store"
DEFAULT_BUFFER = Path("scroogevm-buffer")


@dataclass(frozen=True)
class TargetConfig:
    """The sources of targets. Files are read again each time.

    Attributes:
        words: ``[NODE=]URL``.
        tables: of the settings file.
        targets_file: a file of targets as Prometheus takes it.
        env: the predecessor's settings.
        defaults: what holds for targets that say nothing else, by key.
        names: names that the user wrote down.
        dialects: parameters of dialects, for all targets.
    """

    words: Sequence[str] = ()
    tables: Sequence[Mapping[str, Any]] = ()
    targets_file: Path | None = None
    env: Path | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)
    names: Mapping[str, Any] = field(default_factory=dict)
    dialects: Mapping[str, Any] = field(default_factory=dict)

    def nodes(self) -> Nodes:
        """The targets of each node.

        Raises:
            MisuseError: with every problem there is.
        """
        problems: list[str] = []
        wishes: list[Wish] = []
        defaults = dict(self.defaults)
        for word in self.words:
            with _noted(problems):
                wishes.append(from_word(word))
        for number, table in enumerate(self.tables, 1):
            with _noted(problems):
                wishes += from_table(table, f"collect.targets, {number}")
        if self.targets_file is not None:
            with _noted(problems):
                wishes += from_discovery(self.targets_file)
        with _noted(problems):
            env = self.predecessor()
            wishes += env.wishes
            defaults.setdefault("interval", env.interval)
        nodes: Nodes = {}
        with _noted(problems):
            nodes = Resolver(defaults, self.names, self.dialects).nodes(wishes)
        if not (wishes or problems or self.targets_file):
            problems.append("no target is given; --target http://NODE:PORT/metrics gives one")
        if problems:
            raise MisuseError("; ".join(problems))
        return nodes

    def predecessor(self) -> Env:
        """The settings of the predecessor.

        Raises:
            MisuseError: they cannot be read.
        """
        return read_env(self.env) if self.env else Env(())


@dataclass(frozen=True)
class CollectSettings:
    """What to scrape, how, and where to.

    Attributes:
        asked: the targets.
        store: ``KIND:LOCATION``; empty for the one of ``env``, or the embedded store.
        store_options: ``KEY=VALUE``.
        buffer: folder for samples that the store does not take; None for the default one.
        buffer_limit: bytes that it may hold.
        time_limit: seconds that a scrape may take.
        size_limit: bytes that an exporter may answer, unpacked.
        listen: where own metrics are served; empty for nowhere.
        duration: seconds after which to end; None for never.
        verbose: whether to say each sample that the store has.
    """

    asked: TargetConfig
    store: str = ""
    store_options: Sequence[str] = ()
    buffer: Path | None = None
    buffer_limit: int = 1 << 30
    time_limit: float = 4.0
    size_limit: int = 8 << 20
    listen: str = ""
    duration: float | None = None
    verbose: bool = False

    @property
    def place(self) -> str:
        """The store: the given one, or else the predecessor's, or else the embedded one here."""
        return self.store or self.asked.predecessor().store or DEFAULT_STORE

    def check(self) -> Nodes:
        """Check everything, report all problems together, and give the targets.

        Raises:
            MisuseError: something makes no sense.
        """
        problems: list[str] = []
        problems += out_of_range(
            {
                "--time-limit": self.time_limit,
                "--size-limit": self.size_limit / 2**20,
                "--buffer-limit": self.buffer_limit / 2**20,
                "--duration": self.duration,
            }
        )
        if self.listen:
            with _noted(problems):
                local_address(self.listen)
        nodes: Nodes = {}
        with _noted(problems):
            nodes = self.asked.nodes()
        if problems:
            raise MisuseError("; ".join(problems))
        return nodes


@contextmanager
def _noted(problems: list[str]) -> Iterator[None]:
    """Collect a misuse, and continue."""
    try:
        yield
    except MisuseError as error:
        problems.append(str(error))
