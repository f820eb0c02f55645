"""``scroogevm strategies``: lists strategies and quiescence tests."""

import click

from scroogevm.cli.actions._output import print_json
from scroogevm.ports import QUIESCENCE, STRATEGIES
from scroogevm.registry.catalogue import Entry, catalogue


def command(*, as_json: bool) -> None:
    """List strategies and quiescence tests: parameters, formula, source."""
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
