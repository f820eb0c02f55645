"""Executors of replays: one module for each, selected by the user."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scroogevm.ports import Executor


def open_executor(text: str, workers: int | None) -> "Executor":
    """The executor that ``KIND``, ``KIND:LOCATION`` or ``KIND:LOCATION,KEY=VALUE`` means.

    Args:
        text: such as ``dask:tcp://host:8786``; empty for processes, or none where one is enough.
        workers: how many processes may work side by side; None for one a core, 4 at most.

    Raises:
        MisuseError: there is no such kind, or it does not have this option.

    >>> open_executor("", 1).name, open_executor("", 2).name
    ('in-process', 'processes')
    >>> open_executor("dask:tcp://host:8786,wait=5", 2).wait
    5.0
    """
    import os  # noqa: PLC0415  # keeps the package empty

    from scroogevm.errors import MisuseError  # noqa: PLC0415  # keeps the package empty
    from scroogevm.ports import EXECUTORS  # noqa: PLC0415  # the family looks for its plug-ins here
    from scroogevm.registry import Spec, parameters  # noqa: PLC0415  # likewise

    if workers is None:
        workers = min(4, len(os.sched_getaffinity(0)))
    kind, _, rest = (text or ("processes" if workers > 1 else "in-process")).partition(":")
    location, *options = rest.split(",")
    pairs = {"location": Spec(location)} if location else {}
    for option in options:
        name, equals, value = option.partition("=")
        if not equals or not name or name == "location":
            raise MisuseError(f"{option!r} is not an option", remedy="write KEY=VALUE")
        pairs[name.replace("-", "_")] = Spec(value)
    if any(item.name == "workers" for item in parameters(EXECUTORS.load(kind))):
        pairs.setdefault("workers", Spec(str(workers)))
    executor: Executor = EXECUTORS.build(Spec(kind, pairs))
    return executor
