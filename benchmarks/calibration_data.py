"""The traces that calibration is measured on: real VMs placed on nodes, and generated ones."""

from collections.abc import Callable, Iterator
from pathlib import Path
from zlib import crc32

import polars as pl

from scroogevm.ports import Shape
from scroogevm.traces.generate import Workload, generate
from scroogevm.traces.placement.place import Placing, place

DATA = Path(__file__).parents[2] / "shared" / "data"
HOUR = 3600.0
SIZES = (1.0, 2.0, 4.0, 8.0, 16.0)
PLACED = {
    "Bitbrains, 32 cores": ("bitbrains-rnd-60d", 32.0),
    "Bitbrains, 64 cores": ("bitbrains-rnd-60d", 64.0),
    "Bitbrains, 128 cores": ("bitbrains-rnd-60d", 128.0),
    "PlanetLab, 64 cores": ("planetlab", 64.0),
    "Azure V2, 8 cores": ("azure-v2-sample", 8.0),
}
GENERATED = ("daily", "churn", "increasing")


def traces(scratch: Path) -> Iterator[tuple[str, Callable[[], Path] | None]]:
    """Name of each trace, and what writes it; None where the data is not here."""
    for name, (stem, cores) in PLACED.items():
        source = DATA / f"{stem}.parquet"
        yield name, (lambda s=source, c=cores: _placed(s, c, scratch)) if source.exists() else None  # type: ignore[misc]
    for scenario in GENERATED:
        yield f"generated, {scenario}", lambda s=scenario: _generated(s, scratch)  # type: ignore[misc]


def _placed(source: Path, cores: float, scratch: Path) -> Path:
    vms = scratch / "vms.parquet"
    table = pl.read_parquet(source)
    if table["cpu"].null_count() == table.height:  # no sizes: drawn by a hash of the name
        names = table["vm"].unique().sort()
        sizes = [SIZES[crc32(name.encode()) % len(SIZES)] for name in names]
        size = pl.col("size").cast(pl.Float32)
        table = table.join(pl.DataFrame({"vm": names, "size": sizes}), on="vm").with_columns(
            cpu=size, cpu_usage=pl.col("cpu_usage") * size, mem=size * 1024
        )
    known = ["vm", "time", "cpu_usage", "cpu", "mem_usage", "mem"]
    table.select(known).sort("vm", "time").write_parquet(vms)
    directory = scratch / f"{source.stem}-{cores:g}"
    place(vms, directory, Placing(cores, skip_larger=True, shape=Shape(HOUR, HOUR)))
    vms.unlink()
    return directory


def _generated(scenario: str, scratch: Path) -> Path:
    workload = Workload(
        scenario=scenario, nodes=12, vms=40, cores=64.0, windows=720, scope=HOUR, interval=300.0
    )
    generate(workload, scratch / scenario)
    return scratch / scenario
