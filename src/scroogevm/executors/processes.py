"""Runs tasks in processes of this machine."""

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import chain, islice
from multiprocessing import connection
from threading import Thread

from scroogevm.errors import ScroogeError
from scroogevm.ports import Executor, Result, Task
from scroogevm.registry import parameter


@dataclass(frozen=True)
class Processes(Executor):
    """Chunks side by side in processes of this machine; a single chunk stays in this one."""

    formula = "in processes of this machine"

    workers: int = parameter(2, "processes at most", low=1, high=1024)

    def run(self, tasks: Iterable[Task[Result]]) -> Generator[Result, None, None]:
        """The results in order, a few tasks more than there are processes under way.

        Raises:
            ScroogeError: a process died.
        """
        tasks = iter(tasks)
        first = list(islice(tasks, 2))
        if len(first) < 2 or self.workers < 2:
            for task in chain(first, tasks):
                yield task()
            return
        yield from self._side_by_side(chain(first, tasks))

    def _side_by_side(self, tasks: Iterable[Task[Result]]) -> Generator[Result, None, None]:
        # Forking a process whose libraries run threads may hang it.
        context = multiprocessing.get_context("spawn")
        others = set(multiprocessing.active_children())
        pool = ProcessPoolExecutor(self.workers, mp_context=context, initializer=_begin_work)
        under_way: deque[Future[Result]] = deque()
        try:
            for task in tasks:
                under_way.append(pool.submit(task))
                if len(under_way) > self.workers:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
            pool.shutdown()
        except BrokenProcessPool:
            raise ScroogeError(
                "a worker process died, most likely because of too little memory",
                remedy="use fewer --workers, or `scroogevm trace convert` into smaller parts",
            ) from None
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            ours = set(multiprocessing.active_children()) - others
            for child in ours:
                child.terminate()
            for child in ours:
                # Joining would race with the pool, which waits for the same processes.
                connection.wait([child.sentinel])


def _begin_work() -> None:
    """Leave interrupts to the process that hands out the work, and do not outlive it."""
    # Compiled tests run on as many threads as there are cores, and so many processes are here.
    os.environ.setdefault("NUMBA_NUM_THREADS", "1")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # whoever was killed cannot be told, and nobody waits for more
