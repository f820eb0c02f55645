"""``scroogevm config``: checks, shows and converts settings files."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click

from scroogevm.cli._defaults import defaults
from scroogevm.cli._scraping import inherited
from scroogevm.cli._words import options_in
from scroogevm.cli.actions import _ballooning, _placing
from scroogevm.cli.actions._scraping import target_config
from scroogevm.cli.actions.serve import settings_of
from scroogevm.cli.balloon import command as balloon
from scroogevm.cli.placement import command as placement
from scroogevm.cli.serve import command as serve
from scroogevm.collect.env import Env, read_env
from scroogevm.errors import MisuseError


def check(context: click.Context, file: Path) -> None:
    """Check a settings file for `--config FILE`; every fault is shown, with its line."""
    found = inherited(defaults(context.find_root(), file))
    problems = []
    checks: list[Callable[[], object]] = _checks_of_parts(context, found)
    if "serve" in found:
        with serve.make_context("serve", [], default_map=found["serve"]) as inner:
            options: dict[str, Any] = inner.params
        checks.append(settings_of(options).check)
        if options["words"] or options["tables"] or options["targets_file"] or options["env"]:
            checks.append(target_config(options).nodes)
    for one in checks:
        try:
            one()
        except MisuseError as error:
            problems.append(str(error))
    if problems:
        raise MisuseError("; ".join(problems), where=str(file))
    click.echo(f"{file}: no problem was found")


def _checks_of_parts(
    context: click.Context, found: Mapping[str, Any]
) -> list[Callable[[], object]]:
    """What checks the tables of Placement and of ballooning, where the file has them."""
    checks: list[Callable[[], object]] = []
    if "balloon" in found:
        words = options_in(balloon, context, found["balloon"])
        checks.append(lambda: _ballooning.settings_of(*words).check())
    if "placement" in found:
        _, options = options_in(placement, context, found["placement"])
        checks.append(partial(_placing.rules_of, options))
    return checks


def show(context: click.Context) -> None:
    """Print the settings of `scroogevm serve`, as TOML; with --config, those of that file."""
    root = context.find_root()
    written = (root.default_map or {}).get("serve", {})
    with serve.make_context("serve", [], default_map=written) as inner:
        names = {parameter.name: parameter for parameter in serve.params}
        click.echo("[serve]")
        for name, value in inner.params.items():
            option = names[name]
            if getattr(option, "hidden", False):
                continue
            key = max(option.opts, key=len).lstrip("-")
            if value is None:
                click.echo(f"# {key} =")
            else:
                click.echo(f"{key} = {_toml(value)}")


def from_env(file: Path) -> None:
    """Print the predecessor's .env as TOML."""
    for line in _lines(read_env(file)):
        click.echo(line)


def _lines(env: "Env") -> Iterator[str]:
    yield "[serve]"
    for key in ("scope", "slice", "history"):
        value = getattr(env, key)
        if value is not None:
            yield f"{key} = {value}"
    yield ""
    yield "[collect]"
    if env.interval is not None:
        yield f"interval = {_toml(f'{env.interval:g}s')}"
    if env.store:
        yield f"store = {_toml(env.store)}"
    if env.token:
        yield "# Write INFLUXDB_TOKEN into a file that only the service can read, then:"
        yield 'store-option = ["token_file=influxdb-token"]'
    for wish in env.wishes:
        yield ""
        yield "[[collect.targets]]"
        yield f"node = {_toml(wish.node)}"
        yield f"url = {_toml(wish.url)}"
        for dialect, parameters in wish.keys.get("dialects", {}).items():
            for name, value in parameters.items():
                yield f"dialects.{dialect}.{name} = {_toml(value)}"


def _toml(value: Any) -> str:
    """A value as TOML has it; its basic strings are those of JSON."""
    if isinstance(value, Path):
        value = str(value)
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
