"""``scroogevm strategies``: lists strategies and quiescence tests."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from scroogevm.registry.catalogue import Entry


@click.command("strategies")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(*, as_json: bool) -> None:
    """List strategies and quiescence tests: parameters, formula, source.

    Write one as NAME, as NAME:parameter=value,... or, if it contains others, as
    "max-of(n-sigma, margin(greedy, by=1.1))". cpu.parameter=value is only for cpu;
    greedy:quiescence=t-test selects the quiescence test of greedy.
    """
    from scroogevm.cli._output import print_json  # noqa: PLC0415  # shown on demand
    from scroogevm.ports import QUIESCENCE, STRATEGIES  # noqa: PLC0415  # imports NumPy
    from scroogevm.registry.catalogue import catalogue  # noqa: PLC0415  # likewise

    families = {"strategies": catalogue(STRATEGIES), "quiescence tests": catalogue(QUIESCENCE)}
    if as_json:
        print_json({name: [e.to_dict() for e in entries] for name, entries in families.items()})
        return
    for title, entries in families.items():
        click.secho(f"{title.capitalize()}\n", bold=True)
        for entry in entries:
            _show(entry)


def _show(entry: "Entry") -> None:
    click.echo(click.style(" or ".join((entry.name, *entry.aliases)), fg="cyan", bold=True))
    click.echo(f"  {entry.summary}")
    click.echo(f"  demand   {entry.formula}" if entry.formula else "")
    click.echo(f"  source   {entry.source}")
    for item, default in zip(entry.parameters, entry.written, strict=True):
        remarks = ", ".join(filter(None, (f"default {default}" if default else "", item.range)))
        click.echo(f"  {item.name:<10} {item.meaning}" + (f" ({remarks})" if remarks else ""))
    click.echo()
