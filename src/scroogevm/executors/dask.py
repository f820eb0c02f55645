"""Runs tasks on the workers of a Dask cluster."""

import logging
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from scroogevm import __version__
from scroogevm.errors import (
    MissingExtraError,
    MisuseError,
    OutputError,
    ScroogeError,
    TraceError,
)
from scroogevm.ports import Executor, Result, Task
from scroogevm.registry import parameter
from scroogevm.text import plain

LOCAL = "local"
AHEAD = 2
"""Tasks that wait at each thread of a worker: enough that none is idle, few for the scheduler."""


@dataclass(frozen=True)
class Dask(Executor):
    """Chunks go to the workers of a Dask cluster, which read their own parts from shared files.

    A task whose worker is lost is given to another one.
    """

    formula = "dask:tcp://HOST:PORT, dask:tls://HOST:PORT, or dask:local on this machine"
    remote = True

    location: str = parameter(LOCAL, "address of the scheduler; local starts one here")
    workers: int = parameter(2, "worker processes of a local cluster", low=1, high=1024)
    wait: float = parameter(30.0, "seconds to wait for the scheduler and a first worker", low=0)
    ca: str = parameter("", "file of the authority that signed the cluster's certificates")
    cert: str = parameter("", "file of this client's certificate")
    key: str = parameter("", "file of this client's key")

    def __post_init__(self) -> None:
        """Refuse what is not the address of a scheduler.

        Raises:
            MisuseError: the location or the TLS settings are not valid.
        """
        super().__post_init__()
        scheme = self.location.partition("://")[0]
        if self.location != LOCAL and scheme not in {"tcp", "tls"}:
            raise MisuseError(
                f"{self.location!r} is not the address of a Dask scheduler",
                remedy="write dask:tcp://HOST:PORT, dask:tls://HOST:PORT or dask:local",
            )
        given = [name for name in ("ca", "cert", "key") if getattr(self, name)]
        if given and scheme != "tls":
            raise MisuseError(f"{', '.join(given)} need an address that begins with tls://")
        if scheme == "tls":
            self._check_files(given)

    def _check_files(self, given: Sequence[str]) -> None:
        if len(given) < 3:
            raise MisuseError(
                "TLS needs a certificate on both sides",
                where=self.location,
                remedy="add ,ca=FILE,cert=FILE,key=FILE",
            )
        for name in given:
            if not Path(getattr(self, name)).is_file():
                raise MisuseError(f"{getattr(self, name)!r} is not a file", where=name)

    def run(self, tasks: Iterable[Task[Result]]) -> Generator[Result, None, None]:
        """The results in order, a bounded number of tasks under way.

        Raises:
            MissingExtraError: Dask is not installed.
            ScroogeError: the cluster cannot be reached, has no worker or other versions, or
                workers died several times at one task.
        """
        try:
            import distributed  # noqa: PLC0415  # an extra, and slow to import
        except ImportError:
            raise MissingExtraError("distributed", "dask", "a Dask cluster") from None
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        with ExitStack() as stack, _in_words(self.location):
            client = stack.enter_context(self._client(distributed, stack))
            client.wait_for_workers(1, timeout=self.wait)
            _check_versions(client)
            under_way: deque[Any] = deque()
            try:
                for task in tasks:
                    key = f"scroogevm-{uuid4()}"  # tasks that look alike are not the same
                    under_way.append(client.submit(_call, task, key=key, pure=False))
                    while len(under_way) > AHEAD * max(1, sum(client.nthreads().values())):
                        yield under_way.popleft().result()
                while under_way:
                    yield under_way.popleft().result()
            finally:
                client.cancel(list(under_way))

    def _client(self, distributed: Any, stack: ExitStack) -> Any:
        if self.location == LOCAL:
            cluster = distributed.LocalCluster(
                n_workers=self.workers,
                threads_per_worker=1,
                host="127.0.0.1",
                dashboard_address=None,
                silence_logs=logging.CRITICAL,
                env={"NUMBA_NUM_THREADS": "1"},
            )
            return distributed.Client(stack.enter_context(cluster))
        security = None
        if self.location.startswith("tls"):
            security = distributed.Security(
                tls_ca_file=self.ca or None,
                tls_client_cert=self.cert or None,
                tls_client_key=self.key or None,
                require_encryption=True,
            )
        return distributed.Client(
            self.location, timeout=self.wait, security=security, set_as_default=False
        )


def _call(task: Task[Result]) -> Result:
    """Run a task on a worker; an error of reading names the worker's address."""
    try:
        return task()
    except (TraceError, OutputError) as error:
        from distributed import get_worker  # noqa: PLC0415  # there it is installed

        where = f"{error.where} (on worker {get_worker().address})"
        raise type(error)(error.problem, where=where, remedy=error.remedy) from None


def version() -> str:
    """That of this program, where it is called."""
    return __version__


def _check_versions(client: Any) -> None:
    """Refuse workers that would compute something else.

    Raises:
        ScroogeError: a worker has another version of this program.
    """
    for worker, theirs in client.run(version).items():
        if theirs != __version__:
            raise ScroogeError(
                f"has scroogevm {theirs}, this is {__version__}",
                where=f"worker {worker}",
                remedy="install one version on all workers",
            )


@contextmanager
def _in_words(location: str) -> Iterator[None]:
    """Errors of Dask as ours."""
    from distributed.comm.core import CommClosedError  # noqa: PLC0415  # an extra
    from distributed.scheduler import KilledWorker  # noqa: PLC0415  # likewise

    where = f"Dask cluster {location}"
    try:
        yield
    except KilledWorker:
        raise ScroogeError(
            "workers died several times at one chunk, most likely because of too little memory",
            where=where,
            remedy="workers with more memory, or `scroogevm trace convert` into smaller parts",
        ) from None
    except ImportError as error:
        raise ScroogeError(
            f"a worker lacks {error.name}", where=where, remedy="install scroogevm on all workers"
        ) from None
    except TimeoutError:
        raise ScroogeError(
            "no scheduler answers, or it has no worker",
            where=where,
            remedy="start both, or wait longer with dask:ADDRESS,wait=SECONDS",
        ) from None
    except (CommClosedError, OSError) as error:
        raise ScroogeError(f"cannot be reached: {plain(error)}", where=where) from None
