"""A verdict on one window: ours beside a plain PyTorch loop of the same network."""

import json
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import Result
from benchmarks.torch_python import NoTorchError, torch_python
from scroogevm.ports import CPU, QUIESCENCE, QuiescenceTest
from scroogevm.quiescence.lstm import Lstm, rmse
from scroogevm.strategies.greedy import Greedy
from scroogevm.traces.labelled import Labelled, labelled

PREDECESSOR, AIM = 4.7, 1000
SEED, INTERVAL, TIMES = 2024, 5.0, 30
EPOCHS, NETWORKS, LOOPS = 3, 30, 5
SCRIPT = Path(__file__).with_name("torch_loop.py")


def run(docs: Path) -> Result:
    del docs
    one = next(each for each in labelled(SEED, 10) if each.interval == INTERVAL)
    errors = [spread(error[0]) for error in rmse(one.history(), NETWORKS, EPOCHS)]
    judged = Lstm().judge(one.history()).evidence
    median = [f"{judged[name][0]:.2f}" for name in ("rmse_kept", "rmse_new")]
    default = next(
        name for name in QUIESCENCE.names if QUIESCENCE.build(name) == Greedy().quiescence
    )
    tests: dict[str, tuple[QuiescenceTest, Sequence[str]]] = {
        "lstm(members=1)": (Lstm(members=1), errors),
        f"lstm, {Lstm().members} networks": (Lstm(), median),
        "shift": (QUIESCENCE.build("shift", CPU), ("", "")),
        f"{default} (greedy's default)": (Greedy().quiescence, ("", "")),
    }
    measured: list[tuple[str, float, Sequence[str]]] = [
        ("the predecessor (quoted)", PREDECESSOR, ("", ""))
    ]
    try:
        loop, said = torch_loop(one)
    except NoTorchError as missing:
        said = f"PyTorch was left out: {missing}."
    else:
        measured.append(loop)
    measured += [(name, took(test, one), cells) for name, (test, cells) in tests.items()]
    seconds = measured[-1][1]
    return Result(
        title="A verdict on one window",
        how=f"One resource of one node, {one.kept.size} kept samples and {one.new.size} new ones. "
        "The time of the predecessor is about the time of TensorFlow on its recorded traces. Ours "
        f"is the fastest of {TIMES} verdicts, without compilation. The loop is the fastest of "
        f"{LOOPS} networks. Networks with other first weights have other errors: the table has "
        f"the smallest, median and largest error, in cores, of {NETWORKS} of our networks and "
        f"{LOOPS} of PyTorch's.",
        columns=("verdict by", "seconds", "times faster", "RMSE on kept", "RMSE on new"),
        rows=[(name, took_, PREDECESSOR / took_, *cells) for name, took_, cells in measured],
        verdict=f"{said} {default}, the default test of greedy, is "
        f"{PREDECESSOR / seconds:.0f} times faster than the predecessor. The aim is {AIM}.",
    )


def torch_loop(one: Labelled) -> tuple[tuple[str, float, Sequence[str]], str]:
    """What PyTorch needs for the network, its errors; and the versions in words.

    Raises:
        NoTorchError: there is no PyTorch to be had.
    """
    shares = {"kept": (one.kept / one.capacity).ravel(), "new": one.new / one.capacity}
    asked = {name: each.tolist() for name, each in shares.items()}
    try:
        done = subprocess.run(
            [str(torch_python()), str(SCRIPT)],
            input=json.dumps({**asked, "seeds": LOOPS, "epochs": EPOCHS}),
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        raise NoTorchError(str(error)) from None
    if done.returncode:
        raise NoTorchError(f"its loop failed ({done.stderr.strip().rpartition(chr(10))[2]})")
    answer: dict[str, Any] = json.loads(done.stdout)
    fits = answer["fits"]
    seconds = min(fit["seconds"] for fit in fits)
    errors = [spread(np.array([fit[name] for fit in fits]) * one.capacity) for name in asked]
    return ("a plain loop in PyTorch", seconds, errors), f"PyTorch is {answer['version']}."


def spread(errors: np.ndarray[Any, np.dtype[np.float64]]) -> str:
    low, middle, high = np.quantile(errors, (0, 0.5, 1))
    return f"{low:.2f}, {middle:.2f}, {high:.2f}"


def took(test: QuiescenceTest, one: Labelled) -> float:
    """Seconds for a verdict, of several the fastest; the first, which compiles, is not the last."""

    def once() -> float:
        history = one.history()
        start = time.perf_counter()
        test.judge(history)
        return time.perf_counter() - start

    return min(once() for _ in range(TIMES))
