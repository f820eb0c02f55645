"""Real servers for tests: a folder of their own, on loopback, ended with the test.

A server binds to a port that the kernel chooses, and is found by the sockets of its own process: no
other server that happens to listen can be taken for it.
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

import httpx
import pytest

LIMIT = 60.0
"""Seconds after which a server that does not answer is a failure: a hundred times what it takes."""


def required() -> bool:
    """Whether a test that cannot run is a failure."""
    return bool(os.environ.get("CI") or os.environ.get("SCROOGEVM_REQUIRE_SERVERS"))


INSTALLS = "packaging/servers installs it where root on Debian may"


def missing(reason: str) -> None:
    """End the test for want of something: skipped, or failed where nothing may be skipped."""
    if required():
        pytest.fail(reason)
    pytest.skip(reason)


def require(binary: str) -> str:
    """Path of a program, or the end of the test."""
    found = shutil.which(binary, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if found is None:
        missing(f"no {binary} here: {INSTALLS}")
    return str(found)


def wait(holds: Callable[[], Any], what: str, limit: float = LIMIT, every: float = 0.02) -> Any:
    """What ``holds`` returns as soon as that is true."""
    end = time.monotonic() + limit
    while not (held := holds()):
        if time.monotonic() > end:
            raise TimeoutError(f"after {limit:g} s: still waiting for {what}")
        time.sleep(every)
    return held


@dataclass
class Server(ABC):
    """A program that listens; one in a ``with`` ends with it.

    It may be stopped and started again: it keeps its folder and its port.
    """

    program: ClassVar[str]
    ready: ClassVar[str]

    root: Path = field(init=False)
    port: int = field(init=False, default=0)

    @abstractmethod
    def words(self) -> Sequence[str]:
        """The command line after the program; ``self.port`` is where to listen."""

    @property
    def within(self) -> Sequence[str]:
        """Words before the program, that have it run somewhere else."""
        return ()

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{self.address}"

    @property
    def log(self) -> str:
        """What it said so far."""
        return (self.root / "log").read_text(errors="replace")

    def start(self) -> None:
        """Start it and wait until it answers."""
        words = ["setpriv", "--pdeathsig", "TERM", "--", *self.within]
        words += [require(self.program), *self.words()]
        with (self.root / "log").open("ab") as log:
            self._process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.root,
                env={"PATH": os.environ["PATH"], "HOME": str(self.root)},
            )
        try:
            self.port = wait(self._answering, f"{self.program} to listen")
        except BaseException:
            self.stop(signal.SIGKILL)
            raise

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End the process; the folder stays."""
        self._process.send_signal(number)
        self._process.send_signal(signal.SIGCONT)
        try:
            self._process.wait(LIMIT)
        finally:
            self._process.kill()
            self._process.wait()

    def freeze(self) -> None:
        """Let it accept connections and say nothing, until ``thaw`` or ``stop``."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def _answering(self) -> int | None:
        if self._process.poll() is not None:
            raise RuntimeError(f"{self.program} ended at once:\n{self.log[-3000:]}")
        for port in _listening(self._process.pid):
            try:
                answer = httpx.get(f"http://127.0.0.1:{port}{self.ready}", timeout=2)
            except httpx.TransportError:
                continue
            if answer.is_success:
                return port
        return None

    def __enter__(self) -> Self:
        self.root = Path(tempfile.mkdtemp(prefix=f"{Path(self.program).name}-"))
        try:
            self.start()
        except BaseException:
            shutil.rmtree(self.root)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.root)


def _listening(pid: int) -> list[int]:
    """Ports on which a process listens."""
    process = Path(f"/proc/{pid}")
    try:
        own = {str(handle.readlink()) for handle in (process / "fd").iterdir()}
        lines = (process / "net/tcp").read_text().splitlines()[1:]
    except (FileNotFoundError, ProcessLookupError):  # something was closed meanwhile
        return []
    sockets = (line.split() for line in lines)
    return [
        int(words[1].partition(":")[2], 16)
        for words in sockets
        if words[3] == "0A" and f"socket:[{words[9]}]" in own
    ]


@dataclass
class Influx1(Server):
    """InfluxDB 1.x. With ``auth``, its only user is ``admin`` with password ``secret``."""

    program = "influxd"
    ready = "/ping"

    auth: bool = False

    def words(self) -> Sequence[str]:
        sections: dict[str, dict[str, object]] = {
            "meta": {"dir": f"{self.root}/meta"},
            "data": {
                "dir": f"{self.root}/data",
                "wal-dir": f"{self.root}/wal",
                "query-log-enabled": False,
            },
            "monitor": {"store-enabled": False},
            "subscriber": {"enabled": False},
            "continuous_queries": {"enabled": False},
            "http": {
                "bind-address": self.address,
                "auth-enabled": self.auth,
                "log-enabled": False,
                "max-body-size": 0,
            },
        }
        lines = ["reporting-enabled = false", 'bind-address = "127.0.0.1:0"']
        for name, settings in sections.items():
            lines.append(f"[{name}]")
            lines += [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
        (self.root / "influxdb.conf").write_text("\n".join(lines))
        return ["run", "-config", str(self.root / "influxdb.conf")]

    @property
    def credentials(self) -> tuple[str, str] | None:
        """User and password."""
        return ("admin", "secret") if self.auth else None

    def query(self, statement: str, database: str = "") -> list[dict[str, Any]]:
        """What a statement answers: its series."""
        answer = httpx.post(
            f"{self.url}/query",
            params={"db": database, "epoch": "ms"},
            data={"q": statement},
            auth=self.credentials,
        )
        result = answer.raise_for_status().json()["results"][0]
        assert "error" not in result, result
        return list(result.get("series", ()))

    def write(self, lines: str, database: str) -> None:
        """Write line protocol with times in milliseconds."""
        httpx.post(
            f"{self.url}/write",
            params={"db": database, "precision": "ms"},
            content=lines.encode(),
            auth=self.credentials,
        ).raise_for_status()

    def __enter__(self) -> Self:
        super().__enter__()
        if self.auth:
            self.query("CREATE USER admin WITH PASSWORD 'secret' WITH ALL PRIVILEGES")
        return self


def scraping(
    targets: Mapping[str, Sequence[str]],
    interval: str = "1s",
    labels: Mapping[str, str] | None = None,
) -> str:
    """A configuration, by job, for Prometheus and for VictoriaMetrics.

    Args:
        targets: host and port of each target of a job.
        interval: between scrapes.
        labels: that all series get.
    """
    jobs = [
        {
            "job_name": job,
            "honor_labels": True,
            "static_configs": [{"targets": list(of_job), "labels": dict(labels or {})}],
        }
        for job, of_job in targets.items()
    ]
    # JSON is YAML as well.
    return json.dumps({"global": {"scrape_interval": interval}, "scrape_configs": jobs})


@dataclass
class Prometheus(Server):
    """Prometheus. Its first scrape comes five seconds after its start.

    Attributes:
        config: as ``scraping`` makes it.
        history: OpenMetrics text with times, which it has from the start.
    """

    program = "prometheus"
    ready = "/-/ready"

    config: str = field(default_factory=lambda: scraping({}))
    history: str = ""

    def words(self) -> Sequence[str]:
        (self.root / "prometheus.yml").write_text(self.config)
        data = self.root / "data"
        if self.history and not data.exists():
            (self.root / "history").write_text(self.history)
            make = [require("promtool"), "tsdb", "create-blocks-from", "openmetrics"]
            subprocess.run([*make, self.root / "history", data], check=True, capture_output=True)
        return [
            f"--config.file={self.root}/prometheus.yml",
            f"--storage.tsdb.path={data}",
            "--storage.tsdb.retention.time=100y",
            f"--web.listen-address={self.address}",
            "--web.enable-lifecycle",
        ]


@dataclass
class VictoriaMetrics(Server):
    """VictoriaMetrics; what is written can be read after ``flush``.

    Attributes:
        config: what it scrapes itself, as ``scraping`` makes it.
        options: more words, such as ``-httpAuth.username=admin``.
    """

    program = "victoria-metrics"
    ready = "/health"

    config: str = ""
    options: Sequence[str] = ()

    def words(self) -> Sequence[str]:
        words = [
            f"-storageDataPath={self.root}/data",
            f"-httpListenAddr={self.address}",
            "-retentionPeriod=100y",
            "-search.latencyOffset=0s",
            "-search.disableCache",
            "-memory.allowedBytes=512MB",
        ]
        if self.config:
            (self.root / "scrape.yml").write_text(self.config)
            words.append(f"-promscrape.config={self.root}/scrape.yml")
        return [*words, *self.options]

    def flush(self, credentials: tuple[str, str] | None = None) -> None:
        """Make visible what was written."""
        httpx.get(f"{self.url}/internal/force_flush", auth=credentials).raise_for_status()


@dataclass
class NodeExporter(Server):
    """node_exporter with the collectors that matter, and textfiles where a folder is given."""

    program = "prometheus-node-exporter"
    ready = "/metrics"

    textfiles: Path | None = None
    collectors: Sequence[str] = ("cpu", "meminfo", "pressure", "time")

    def words(self) -> Sequence[str]:
        words = [f"--web.listen-address={self.address}", "--collector.disable-defaults"]
        words += [f"--collector.{name}" for name in self.collectors]
        if self.textfiles is not None:
            words += ["--collector.textfile", f"--collector.textfile.directory={self.textfiles}"]
        return words


@dataclass
class LibvirtExporter(Server):
    """Debian's prometheus-libvirt-exporter."""

    program = "prometheus-libvirt-exporter"
    ready = "/metrics"

    uri: str = "test:///default"

    def words(self) -> Sequence[str]:
        return [f"--web.listen-address={self.address}", f"--libvirt.uri={self.uri}"]


def certificate(path: Path) -> Path:
    """Write a certificate for 127.0.0.1 with its key, which nobody signed."""
    words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    words += ["-days", "2", "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = subprocess.run(
        [require("openssl"), *words, "-keyout", "-", "-out", "-"], capture_output=True, check=True
    )
    path.write_bytes(made.stdout)
    return path
