"""``scroogevm strategies``: what there is to choose from."""

import click


@click.command("strategies")
@click.option("--json", "as_json", is_flag=True, help="Print for a program to read.")
@click.option("--long", is_flag=True, help="Show every parameter with its range and meaning.")
def command(*, as_json: bool, long: bool) -> None:
    """List strategies and quiescence tests: parameters, formula, source.

    Write one as NAME or as NAME:parameter=value,... or, around others, as
    "max-of(n-sigma, margin(greedy, by=1.1))". cpu.parameter=value is for cpu alone, and
    greedy:quiescence=t-test chooses how greedy tells a quiescent node.
    """
    from scroogevm.cli._output import print_json, table  # noqa: PLC0415  # shown on demand
    from scroogevm.ports import QUIESCENCE, STRATEGIES  # noqa: PLC0415  # imports NumPy
    from scroogevm.registry.catalogue import catalogue, written  # noqa: PLC0415  # likewise

    families = {"strategies": catalogue(STRATEGIES), "quiescence tests": catalogue(QUIESCENCE)}
    if as_json:
        print_json({name: [e.to_dict() for e in entries] for name, entries in families.items()})
        return
    for title, entries in families.items():
        rows = [
            (" or ".join((entry.name, *entry.aliases)), entry.defaults, entry.formula, entry.source)
            for entry in entries
        ]
        table(title, ("name", "parameters", "formula", "source"), rows, text=True)
    if not long:
        return
    for entry in (entry for entries in families.values() for entry in entries):
        if entry.parameters:
            parameters = [
                (item.name, "" if item.default is None else written(item), item.range, item.meaning)
                for item in entry.parameters
            ]
            table(entry.name, ("parameter", "default", "range", "meaning"), parameters, text=True)
