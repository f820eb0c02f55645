"""Options of scraping: exporters, time limits, credentials and the store."""

from dataclasses import replace
from typing import Any

import click

from scroogevm.cli._defaults import defaults
from scroogevm.cli._scraping import inherited
from scroogevm.collect.settings import CollectSettings, TargetConfig

_DEFAULTS = ("interval", "token-file", "user", "password-file", "ca-file", "cert-file", "key-file")


def collect_settings(options: dict[str, Any], **more: Any) -> "CollectSettings":
    """The settings that these options make.

    Args:
        options: of the command line.
        more: what only some commands know.
    """
    return CollectSettings(
        asked=target_config(options),
        store=options["store"] or "",
        store_options=options["store_options"],
        buffer=options["buffer"],
        buffer_limit=round(options["buffer_limit"] * 2**20),
        time_limit=options["time_limit"],
        size_limit=round(options["size_limit"] * 2**20),
        **more,
    )


def target_config(options: dict[str, Any]) -> "TargetConfig":
    """Where the targets are written."""
    given = {key: options[key.replace("-", "_")] for key in _DEFAULTS}
    return TargetConfig(
        words=options["words"],
        tables=options["tables"],
        targets_file=options["targets_file"],
        env=options["env"],
        defaults={key: value for key, value in given.items() if value is not None},
        names=options["names"],
        dialects=options["dialects"],
    )


def reread(context: click.Context, asked: "TargetConfig") -> "TargetConfig":
    """The same with the tables that are in the settings file now."""
    tables: dict[str, Any] = {"tables": (), "names": {}, "dialects": {}}
    found = written(context)
    if found is None:
        return asked
    return replace(asked, **{key: found.get(key, empty) for key, empty in tables.items()})


def written(context: click.Context) -> dict[str, Any] | None:
    """What the settings file says of a command by now; None without such a file.

    Raises:
        MisuseError: the file makes no sense.
    """
    root = context.find_root()
    path = root.params.get("config")
    if path is None:
        return None
    found: dict[str, Any] = inherited(defaults(root, path)).get(str(context.info_name), {})
    return found
