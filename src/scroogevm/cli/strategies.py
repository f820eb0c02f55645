"""``scroogevm strategies``: lists strategies and quiescence tests."""

import click

from scroogevm.cli._lazy import runs


@click.command("strategies")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@runs("strategies")
def command() -> None:
    """List strategies and quiescence tests: parameters, formula, source.

    Write one as NAME, as NAME:parameter=value,... or, if it contains others, as
    "max-of(n-sigma, margin(greedy, by=1.1))". cpu.parameter=value is only for cpu;
    greedy:quiescence=t-test selects the quiescence test of greedy.
    """
