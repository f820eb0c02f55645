"""Each default is the same on the command line and for whoever makes settings in Python."""

from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import click
import pytest

from scroogevm.balloon.settings import BalloonSettings
from scroogevm.cli import cli
from scroogevm.cli.actions import _ballooning, replay, serve
from scroogevm.cli.actions._scraping import collect_settings
from scroogevm.collect.settings import CollectSettings, TargetConfig
from scroogevm.config import QuiescenceSettings, ReplaySettings
from scroogevm.service.settings import ServeSettings

SPOKEN = {"command", "traces", "output", "data", "asked"}
"""What a command line always says."""


def asked(name: str, *words: str) -> tuple[click.Context, dict[str, Any]]:
    """The options of a command, all of them as they are by default."""
    root = click.Context(cli, info_name="scroogevm")
    command = cli.get_command(root, name)
    assert command is not None
    context = command.make_context(name, list(words), parent=root)
    return context, dict(context.params)


def differing(settings: Any, bare: Any) -> dict[str, tuple[Any, Any]]:
    """Attributes of settings that are not as by default, with both values."""
    pairs = {
        one.name: (getattr(settings, one.name), getattr(bare, one.name))
        for one in fields(bare)
        if one.name not in SPOKEN
    }
    return {name: pair for name, pair in pairs.items() if _plain(pair[0]) != _plain(pair[1])}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def test_a_replay() -> None:
    _, options = asked("replay", "trace", "-o", "report")
    bare = ReplaySettings([Path("trace")], Path("report"))
    assert differing(replay._settings(options), bare) == {}


def test_collecting() -> None:
    _, options = asked("collect", "--target", "n=http://127.0.0.1:1")
    bare = CollectSettings(TargetConfig())
    assert differing(collect_settings(options), bare) == {}


def test_serving() -> None:
    _, options = asked("serve", "--target", "n=http://127.0.0.1:1")
    assert differing(serve.settings_of(options), ServeSettings(Path("data"))) == {}


def test_ballooning() -> None:
    context, options = asked("balloon", "status")
    found = _ballooning.settings_of(context, options)
    assert differing(found, BalloonSettings({"localhost": "qemu:///system"}, Path("data"))) == {}


@pytest.mark.parametrize(
    "kind", [ReplaySettings, QuiescenceSettings, CollectSettings, ServeSettings, BalloonSettings]
)
def test_what_has_no_default_is_always_said(kind: Any) -> None:
    without = {
        one.name
        for one in fields(kind)
        if one.default is MISSING and one.default_factory is MISSING
    }
    assert without <= SPOKEN | {"nodes", "tests"}
