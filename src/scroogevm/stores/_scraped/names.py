"""Reads the user's file of metric and node names for scraped stores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scroogevm.errors import MisuseError
from scroogevm.files import read_toml
from scroogevm.telemetry.dialect import Dialect
from scroogevm.telemetry.names import dialects


@dataclass(frozen=True)
class NamesFile:
    """A file of names: a collector's settings, or one with nothing but these tables.

    ```toml
    [collect.names]
    libvirt_dom_vcpus = { term = "vcpus", vm = "domain" }

    [collect.dialects.libvirt-exporter]
    vm_label = "name"

    [nodes]
    "10.0.0.7" = "web-1"
    ```

    Attributes:
        metrics: what metrics mean, by name.
        dialects: parameters of dialects, by dialect.
        nodes: name of a node, by the value of its label.
    """

    metrics: Mapping[str, Any]
    dialects: Mapping[str, Any]
    nodes: Mapping[str, str]

    @classmethod
    def read(cls, path: str) -> "NamesFile":
        """The names from a file; empty without a file.

        Raises:
            MisuseError: it cannot be read, or has something else than such tables.
        """
        content = read_toml(Path(path)) if path else {}
        collect = _table(content, "collect", path)
        nodes = _table(content, "nodes", path)
        if not all(isinstance(name, str) and name for name in nodes.values()):
            raise MisuseError('nodes are written "LABEL" = "NAME"', where=path)
        options = _table(collect, "dialects", path)
        for name in options:
            _table(options, name, path)
        return cls(_table(collect, "names", path), options, nodes)

    def spoken(self, path: str, vm_label: str) -> Sequence[Dialect]:
        """Every dialect, the most believed one first.

        Args:
            path: of the file, for messages.
            vm_label: the label that names a VM; empty for the one each dialect has.

        Raises:
            MisuseError: the file names what there is not.
        """
        try:
            found = dialects(self.dialects, self.metrics, vm_label)
        except MisuseError as error:
            where = f"{path}: {error.where}" if error.where else path
            raise MisuseError(error.problem, where=where, remedy=error.remedy) from None
        return found


def _table(content: Mapping[str, Any], key: str, path: str) -> Mapping[str, Any]:
    found = content.get(key, {})
    if not isinstance(found, dict):
        raise MisuseError(f"{key} is not a table", where=path)
    return found
