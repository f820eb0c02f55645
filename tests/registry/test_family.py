"""Families find plug-ins by file name, build them, and say what does not fit."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

import scroogevm.strategies
from helpers import demands, occurrences_of, random_windows, steps
from scroogevm.engine import Engine
from scroogevm.errors import SpecError
from scroogevm.ports import CPU, MEM, QUIESCENCE, RESOURCES, STRATEGIES
from scroogevm.registry import Family, parameters
from scroogevm.strategies.doa import Doa
from scroogevm.strategies.greedy import Greedy
from scroogevm.strategies.margin import Margin
from scroogevm.strategies.max_of import MaxOf
from scroogevm.strategies.n_sigma import NSigma
from scroogevm.strategies.percentile import Percentile
from scroogevm.strategies.rc_like import RcLike

PROMISED = {
    "borg", "doa", "floor", "google-avg", "google-max", "google-n-sigma", "google-oracle",
    "google-per-machine", "google-per-vm", "greedy", "margin", "max-of", "max-peak", "n-sigma",
    "oracle", "percentile", "persistence", "rc-like",
}  # fmt: skip


def test_the_families_have_what_was_promised() -> None:
    assert set(STRATEGIES.names) >= PROMISED
    assert {"mean-band", "percentile-band", "t-test"} <= set(QUIESCENCE.names)
    assert STRATEGIES.names == sorted(STRATEGIES.names)


def test_greedy_answers_to_the_name_of_the_project_as_well() -> None:
    assert STRATEGIES.aliases["scroogevm"] == "greedy"
    assert STRATEGIES.build("scroogevm", CPU) == Greedy()


def test_parameters_are_read_and_a_resource_may_have_its_own() -> None:
    assert STRATEGIES.build("n-sigma:n=3", CPU) == NSigma(3.0)
    text = "percentile:cpu.p=95,p=80,mem.p=70"
    assert STRATEGIES.build(text, CPU) == Percentile(95.0)
    assert STRATEGIES.build(text, MEM) == Percentile(70.0)
    assert STRATEGIES.build("percentile:cpu.p=95", MEM) == Percentile()


def test_resource_defaults_hold_unless_a_parameter_is_written() -> None:
    assert STRATEGIES.build("rc-like", CPU) == RcLike(99.0, capped=True)
    assert STRATEGIES.build("rc-like", MEM) == RcLike(100.0, capped=False)
    assert STRATEGIES.build("rc-like:p=50,capped=yes", MEM) == RcLike(50.0, capped=True)


def test_combinators_take_strategies_with_and_without_a_name() -> None:
    assert STRATEGIES.build("margin(doa, by=2)", CPU) == Margin(Doa(), by=2.0)
    assert STRATEGIES.build("margin:strategy=doa,by=2", CPU) == Margin(Doa(), by=2.0)
    both = MaxOf((Doa(), Margin(NSigma(2.0))))
    assert STRATEGIES.build("max-of(doa, margin(n-sigma(n=2)))", CPU) == both
    assert STRATEGIES.build("max-of:strategies=doa", CPU) == MaxOf((Doa(),))
    nested = STRATEGIES.build("margin(percentile(cpu.p=50))", CPU)
    assert nested == Margin(Percentile(50.0))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nsigma", "unknown strategy 'nsigma'; did you mean 'n-sigma'?"),
        ("n-sigma:k=3", "strategy n-sigma(k=3): unknown parameter 'k'; parameters: n"),
        ("persistence:k=3", "strategy persistence(k=3): unknown parameter 'k'; it takes none"),
        ("n-sigma:n=x", "strategy n-sigma(n=x): n: 'x' is not a number"),
        ("n-sigma:n=-1", "strategy n-sigma(n=-1): n: -1.0 is out of range; at least 0"),
        ("google-avg:warm=1.5", "warm: '1.5' is not a whole number"),
        ("rc-like:capped=maybe", "capped: 'maybe' is not true or false"),
        ("n-sigma:n=doa(p=1)", "n: doa(p=1) is not a plain value"),
        ("margin", "strategy margin: 'strategy' is missing; the strategy to add a margin to"),
        ("max-of", "strategy max-of: 'strategies' is missing"),
        ("margin(doa, borg)", "unexpected 'borg'; parameters: strategy, by, plus"),
        ("margin(doa, strategy=borg)", "'strategy' is given twice"),
        ("n-sigma(doa)", "unexpected 'doa'; parameters: n"),
        ("greedy:quiescence=calm", "unknown quiescence 'calm'"),
        ("greedy:low=6", "low: 6.0 is above high, 5.0"),
        ("percentile:gpu.p=3", "unknown resource in 'gpu.p'; resources: cpu, mem"),
        ("percentile:cpu.mem.p=3", "unknown resource in 'cpu.mem.p'; resources: cpu, mem"),
        ("margin(percentile(gpu.p=3))", "unknown resource in 'gpu.p'; resources: cpu, mem"),
    ],
)
def test_what_does_not_fit_is_named_in_one_line(text: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        STRATEGIES.build(text, CPU)
    assert message in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("plugin", "values"),
    [
        (Percentile, {"p": "90"}),
        (Percentile, {"p": None}),
        (Percentile, {"p": True}),
        (RcLike, {"capped": 1}),
        (Margin, {"strategy": "doa"}),
        (MaxOf, {"strategies": ()}),
        (MaxOf, {"strategies": Doa()}),
        (MaxOf, {"strategies": (Doa(), "doa")}),
    ],
)
def test_values_of_a_wrong_kind_are_refused_in_python_as_well(
    plugin: type, values: dict[str, object]
) -> None:
    with pytest.raises(SpecError, match="is not"):
        plugin(**values)


NEW = '''
    """A strategy somebody wrote this morning."""

    from dataclasses import dataclass

    from scroogevm.core.estimate import Estimate
    from scroogevm.core.history import History
    from scroogevm.ports import Strategy
    from scroogevm.registry import parameter


    @dataclass(frozen=True)
    class HalfWay(Strategy):
        """Somewhere between what is used and what was promised.

        >>> HalfWay(share=0.25).share
        0.25
        """

        formula = "share*max(last window) + (1 - share)*allocated"
        source = "a test"

        share: float = parameter(0.5, "weight of what is used", low=0, high=1)

        def estimate(self, history: History) -> Estimate:
            used = history.new.maximum
            return Estimate(self.share * used + (1 - self.share) * history.allocated)
'''


@pytest.fixture
def new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A single new file among the strategies, and nothing else."""
    path = tmp_path / "half_way.py"
    path.write_text(dedent(NEW))
    monkeypatch.setattr(scroogevm.strategies, "__path__", [*scroogevm.strategies.__path__])
    scroogevm.strategies.__path__.append(str(tmp_path))
    yield path
    sys.modules.pop("scroogevm.strategies.half_way", None)
    vars(scroogevm.strategies).pop("half_way", None)


@pytest.mark.usefixtures("new_file")
def test_a_strategy_is_added_by_one_new_file() -> None:
    family = Family("scroogevm.strategies", "strategy", RESOURCES)
    assert set(family.names) == {*STRATEGIES.names, "half-way"}
    assert [item.name for item in parameters(family.load("half-way"))] == ["share"]
    with pytest.raises(SpecError, match="out of range"):
        family.build("half-way:share=2")
    windows = random_windows()
    engine = Engine({CPU: {"new": family.build("margin(half-way(share=0.25), by=2)", CPU)}})
    answer = demands(steps(engine, occurrences_of(windows))[1], "new")
    expected = [2 * (0.25 * w.usage.max(axis=1) + 0.75 * w.allocated) for w in windows]
    np.testing.assert_allclose(answer, expected, rtol=1e-12)


def test_a_file_that_holds_no_plug_in_is_the_writers_mistake(new_file: Path) -> None:
    new_file.write_text("")
    with pytest.raises(TypeError, match="half_way must define one public plug-in, it has 0"):
        Family("scroogevm.strategies", "strategy").load("half-way")


def test_the_contract_covers_a_new_file_and_finds_its_faults(new_file: Path) -> None:
    plugin = new_file.parent / "start" / "with_new_file.py"
    plugin.parent.mkdir()
    plugin.write_text(
        "import scroogevm.strategies\n"
        f"scroogevm.strategies.__path__.append({str(new_file.parent)!r})\n"
    )
    text = new_file.read_text()
    good = contract(plugin)
    assert good.returncode == 0, good.stdout
    assert int(good.stdout.split(" passed")[0].split()[-1]) > 20
    new_file.write_text(text.replace("history.new.maximum", "history.new.maximum.max()"))
    bad = contract(plugin)
    assert bad.returncode == 1
    assert "test_a_node_gets_the_same_number_alone_as_in_company[half-way]" in bad.stdout


def contract(plugin: Path) -> "subprocess.CompletedProcess[str]":
    """Run the contract on the new strategy alone, in a process of its own."""
    tests = Path(__file__).parents[1]
    command = [sys.executable, "-m", "pytest", "-q", "-p", plugin.stem, "-k", "half-way"]
    return subprocess.run(
        [*command, str(tests / "contract" / "test_strategies.py")],
        env={**os.environ, "PYTHONPATH": str(plugin.parent), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=tests.parent,
        capture_output=True,
        text=True,
        check=False,
    )
