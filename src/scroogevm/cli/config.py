"""``scroogevm config``: checks, shows and converts settings files."""

from pathlib import Path

import click

from scroogevm.cli._lazy import runs

_file = click.Path(path_type=Path)


@click.group("config")
def command() -> None:
    """Check a settings file, show the settings in force, or convert the predecessor's .env."""


@command.command("check")
@click.argument("file", type=_file)
@click.pass_context
@runs("config")
def check() -> None:
    """Check a settings file for `--config FILE`; every fault is shown, with its line."""


@command.command("show")
@click.pass_context
@runs("config")
def show() -> None:
    """Print the settings of `scroogevm serve`, as TOML; with --config, those of that file."""


@command.command("from-env")
@click.argument("file", type=_file)
@runs("config")
def from_env() -> None:
    """Print the predecessor's .env as TOML. Its token is not printed: it belongs into a file."""
