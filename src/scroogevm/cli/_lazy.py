"""Imports what a command does when it runs: help needs none of it."""

from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any


def runs(module: str) -> Callable[[Callable[[], None]], Callable[..., Any]]:
    """Have a command run the function of its own name in ``scroogevm.cli.actions``.

    Args:
        module: that the function is in.
    """

    def declare(command: Callable[[], None]) -> Callable[..., Any]:
        @wraps(command)
        def callback(*arguments: Any, **options: Any) -> Any:
            action = getattr(import_module(f"scroogevm.cli.actions.{module}"), command.__name__)
            return action(*arguments, **options)

        return callback

    return declare
