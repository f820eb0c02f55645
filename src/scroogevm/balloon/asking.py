"""Sends requests to VMs, and reports why they fail."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from scroogevm.balloon.journal import Held
from scroogevm.balloon.mark import MarkedError
from scroogevm.hypervisor import library
from scroogevm.hypervisor.hypervisor import Hypervisor

_KIB = 1024
"""In a MiB."""

Question = Callable[[str], Callable[[Any], object]]
"""What is asked of the VM of a uuid: a function of libvirt's VM."""


class GoneVMError(Exception):
    """The VM was started anew meanwhile, or runs no more."""


def ask(
    hypervisor: Hypervisor, question: Question, uuids: Iterable[str]
) -> Mapping[str, Exception]:
    """Ask VMs for something; why those failed that did, by uuid."""
    every = list(uuids)
    if not every:
        return {}

    def asked(domain: Any) -> object:
        return question(domain.UUIDString().lower())(domain)

    found = hypervisor.ask(asked, every)
    answers = {uuid: found.get(uuid, TimeoutError("no answer in time")) for uuid in every}
    return {uuid: answer for uuid, answer in answers.items() if isinstance(answer, Exception)}


def resize(hypervisor: Hypervisor, held: Iterable[Held]) -> Mapping[str, Exception]:
    """Ask balloons for what they are held at; why those failed that did, by uuid."""
    every = {one.uuid: one for one in held}
    return ask(
        hypervisor,
        lambda uuid: partial(resize_one, size=every[uuid].asked, run=every[uuid].run),
        every,
    )


def resize_one(domain: Any, size: float, run: int) -> None:
    """Ask a balloon to leave so many MiB; never more than the VM may have.

    Raises:
        GoneVMError: the VM has another number of its run.
        libvirtError: it cannot be asked.
    """
    if domain.ID() != run:
        raise GoneVMError("it was restarted in the meantime")
    largest = int(domain.maxMemory())
    live = library.libvirt().VIR_DOMAIN_AFFECT_LIVE
    domain.setMemoryFlags(min(round(size * _KIB), largest), live)


def refresh(domain: Any, seconds: int) -> None:
    """Have a VM refresh its statistics so often.

    Raises:
        libvirtError: it cannot be asked.
    """
    domain.setMemoryStatsPeriod(seconds, library.libvirt().VIR_DOMAIN_AFFECT_LIVE)


def in_words(failures: Mapping[str, Exception]) -> dict[str, str]:
    """Why VMs failed, for people."""
    return {uuid: _words(error) for uuid, error in failures.items()}


def _words(error: Exception) -> str:
    if isinstance(error, MarkedError):
        return f"another companion holds it until its mark runs out ({error.mark.owner})"
    return str(error)
