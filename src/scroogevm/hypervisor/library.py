"""Imports libvirt's optional Python library at first use, and silences its error output."""

from collections.abc import Callable
from functools import cache
from threading import Thread
from typing import Any

from scroogevm.errors import MissingExtraError


@cache
def libvirt() -> Any:
    """The library.

    It prints no errors by itself, and a thread of ours runs its event loop, without which it would
    not notice that the other side is gone.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import libvirt as library  # noqa: PLC0415  # an extra
    except ImportError:
        raise MissingExtraError("libvirt-python", "libvirt", "reading VMs") from None
    library.registerErrorHandler(_quiet, None)
    library.virEventRegisterDefaultImpl()
    Thread(target=_run_events, args=(library,), name="libvirt: events", daemon=True).start()
    return library


@cache
def agent() -> Callable[[Any, str, int, int], str]:
    """The library's function that has the QEMU guest agent of a VM obey a command.

    It takes the VM, the command as JSON, the seconds to wait, and flags.

    Raises:
        MissingExtraError: it is not installed.
    """
    libvirt()
    try:
        from libvirt_qemu import qemuAgentCommand  # noqa: PLC0415  # an extra
    except ImportError:
        raise MissingExtraError("libvirt-python", "libvirt", "asking guest agents") from None
    function: Callable[[Any, str, int, int], str] = qemuAgentCommand
    return function


def _quiet(*_: object) -> None:
    """Errors are raised as well: whoever asked knows what to do."""


def _run_events(library: Any) -> None:
    while True:
        try:
            library.virEventRunDefaultImpl()
        except library.libvirtError:
            return
