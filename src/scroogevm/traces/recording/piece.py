"""Reads some nodes and some time from a store, as the two tables of a trace."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import polars as pl
import polars.selectors as cs

from scroogevm.core.samples import TRACED, Rows
from scroogevm.ports import Store
from scroogevm.traces.recording.regular import Times, combined, regular


class Piece(NamedTuple):
    """The two tables.

    Attributes:
        nodes: the columns of ``tables.NODES``, signals, and how many VMs each sample lists.
        vms: the columns of ``tables.VMS``.
        absurd: how many numbers were left out as absurd.
    """

    nodes: pl.DataFrame
    vms: pl.DataFrame
    absurd: int


def read_piece(store: Store, nodes: Sequence[str], times: Times) -> Piece:
    """The samples of a store whose middles lie in a time, on its regular times.

    Raises:
        StoreError: the store cannot be read.
    """
    half = times.own / 2
    found = store.read(nodes, times.begin + half, times.end + half, TRACED)
    of_nodes = regular(found.nodes, "nodes", times)
    of_vms = regular(promised(found.vms), "vms", times)
    told, told_of_vms = combined(of_nodes.frame, of_vms.frame)
    return Piece(_small(told), _small(told_of_vms), of_nodes.absurd + of_vms.absurd)


def promised(vms: Rows) -> Rows:
    """VMs with the memory that they may have at any time, and what balloons hold of it.

    A balloon that is deflated gives the guest all that it was promised: what a balloon holds is
    the guest's still, and not free. Where nobody tells the maximum, what there is counts.
    """
    now, most = vms.values["mem"], vms.values["mem_maximum"]
    held = np.maximum(0.0, most - now)
    return replace(vms, values={**vms.values, "mem": np.fmax(now, most), "ballooned": held})


def _small(frame: pl.DataFrame) -> pl.DataFrame:
    """Half the memory, and more than samplers know."""
    return frame.with_columns(cs.float().exclude("time").cast(pl.Float32))
