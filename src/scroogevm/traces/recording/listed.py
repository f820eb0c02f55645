"""Counts the VMs that samples list, if their writer did not record it."""

from collections.abc import Collection

import polars as pl

from scroogevm.traces.tables import LISTING, with_listing


def listed(nodes: pl.DataFrame, vms: pl.DataFrame, says: Collection[str] = ()) -> pl.DataFrame:
    """Node rows that say how many VMs they list.

    Until samples of a node first say it, who wrote them did not know of it. Of these samples, one
    with VMs lists them; whether one without lists none, or could not tell, is not known.

    Args:
        nodes: the columns of ``tables.NODES``, and ``vms``.
        vms: the columns of ``tables.VMS``.
        says: nodes whose samples before these said it.
    """
    guessed = with_listing(nodes.drop(LISTING), vms)[LISTING].replace(0, None)
    nodes = nodes.with_columns(guessed.alias("_guessed")).sort("node", "time")
    told = pl.col(LISTING).is_not_null().cum_max().over("node")
    known = told | pl.col("node").is_in(list(says))
    filled = pl.when(known).then(pl.col(LISTING)).otherwise(pl.col("_guessed"))
    return nodes.with_columns(filled.cast(pl.Int32).alias(LISTING)).drop("_guessed")
