"""Writes ``dump-STRATEGY.json``: a trace in the predecessor's JSON, with a strategy's results.

```
config, epoch, node.raw_data, vm.NAME.raw_data     a trace like any other: it can be replayed
model: {free_cpu: [...], cpu_tier0: [...], ...}    one list for each key, one item an occurrence
node:  {cpu_config: [...], booked_cpu: [...], cpu_percentile: [{"10": ..., "99": ...}, ...], ...}
```
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.core.estimate import Estimate
from scroogevm.ports import RESOURCES, Chunk, Step
from scroogevm.reports.dump_model import PERCENTILES, model, percentiles, stable, statistics
from scroogevm.reports.dump_samples import Samples, as_json, plain, whole
from scroogevm.reports.names import file_name

if TYPE_CHECKING:
    from scroogevm.core.window import Occurrence

_Said = Mapping[str, Estimate]
"""The answers of one strategy to one occurrence, by resource."""


class Dump:
    """A sink that writes one file for each node and strategy, one node after the other.

    Args:
        directory: the files go there when there is one node, else to ``dump/NODE/`` below.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._folders: list[Path] = []

    @property
    def open(self) -> Callable[[Chunk], "_DumpSink"]:
        """A page that writes the nodes of a chunk."""
        return partial(_DumpSink, self._directory)

    def accept(self, folders: Sequence[Path]) -> None:
        """Remember where the files of a chunk are."""
        self._folders += folders

    def close(self) -> None:
        """A single node needs no folder of its own."""
        if len(self._folders) == 1:
            for file in sorted(self._folders[0].iterdir()):
                file.rename(self._directory / file.name)
            shutil.rmtree(self._directory / "dump")


class _DumpSink:
    """The answers to one chunk, and where its samples are."""

    def __init__(self, directory: Path, chunk: Chunk) -> None:
        self._directory = directory
        self._chunk = chunk
        self._occurrences: list[Occurrence] = []
        self._estimates: dict[str, list[_Said]] = {}

    def take(self, step: Step) -> None:
        """Note the windows and the answers."""
        self._occurrences.append(step.occurrence)
        for strategy in step.estimates[RESOURCES[0]]:
            answers = {resource: step.estimates[resource][strategy] for resource in RESOURCES}
            self._estimates.setdefault(strategy, []).append(answers)

    def close(self) -> Sequence[Path]:
        """Write the nodes of the chunk, and say where."""
        occurrences = self._occurrences
        folders: list[Path] = []
        if not self._estimates:
            return folders
        samples = Samples(occurrences, self._chunk.shape)
        nodes = len(self._chunk.nodes)
        known = statistics(occurrences)
        ranks = {resource: percentiles(occurrences, resource) for resource in RESOURCES}
        models = {name: model(occurrences, said) for name, said in self._estimates.items()}
        verdicts = {name: stable(said, nodes) for name, said in self._estimates.items()}
        for node, name in enumerate(self._chunk.nodes):
            folder = self._directory / "dump" / file_name(name)
            folder.mkdir(parents=True, exist_ok=True)
            folders.append(folder)
            common: dict[str, Any] = {key: whole(array[:, node]) for key, array in known.items()}
            common |= {f"{r}_percentile": _named(array[:, node]) for r, array in ranks.items()}
            common["vm_list"] = [samples.vm_names(node, at) for at in range(len(occurrences))]
            heads = {
                strategy: self._head(
                    name,
                    {key: whole(array[:, node]) for key, array in models[strategy].items()},
                    common | {key: v[:, node].tolist() for key, v in verdicts[strategy].items()},
                )
                for strategy in models
            }
            _write(folder, heads, samples, node)
        return folders

    def _head(self, name: str, tiers: Mapping[str, Any], node: Mapping[str, Any]) -> str:
        """Everything up to the samples."""
        shape = self._chunk.shape
        scope, slice_ = whole(np.array([shape.scope, shape.slice]))
        config = {
            "node_name": name,
            "node_scope": scope,
            "slice_scope": slice_,
            "number_of_slice": shape.slices,
            "historical_occurences": shape.history,
        }
        ends = np.array([occurrence.end for occurrence in self._occurrences])
        content = {"config": config, "epoch": whole(ends - shape.origin), "model": tiers}
        return f'{as_json(content)[:-1]}, "node": {as_json(node)[:-1]}, "raw_data": '


def _write(folder: Path, heads: Mapping[str, str], samples: Samples, node: int) -> None:
    """Write the files of a node side by side, since what is long in them is the same in all."""
    with ExitStack() as stack:
        files: list[TextIO] = []
        for strategy, head in heads.items():
            path = folder / f"dump-{file_name(strategy)}.json"
            files.append(stack.enter_context(path.open("w", encoding="utf-8")))
            files[-1].write(head)
        _all(files, f'{samples.node(node)}}}, "vm": {{')
        comma = ""
        for name, life in samples.vms(node):
            _all(files, f'{comma}{as_json(name)}: {{"raw_data": {life}}}')
            comma = ", "
        _all(files, "}}\n")


def _all(files: Sequence[TextIO], text: str) -> None:
    for file in files:
        file.write(text)


def _named(ranks: Floats) -> list[dict[str, float | None]]:
    """Percentiles by name, one dictionary for each window; empty where nothing was measured."""
    return [
        {} if np.isnan(row).all() else dict(zip(map(str, PERCENTILES), plain(row), strict=True))
        for row in ranks
    ]
