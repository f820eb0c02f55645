"""The writer of our own trace format."""

import errno
import os
from pathlib import Path

import polars as pl
import pytest

from scroogevm.errors import MisuseError, OutputError
from scroogevm.traces.manifest import MANIFEST, Manifest, Part
from scroogevm.traces.tables import NODES, VMS, TraceWriter

DRAFT = Manifest(scope=120, slice=60, interval=60, end=120)


def nodes_of(*names: str) -> pl.DataFrame:
    rows = [(name, time) for time in (60, 0) for name in names]
    return pl.DataFrame(
        {
            "cpu_usage": [1.0, None] * len(names),
            "node": [name for name, _ in rows],
            "time": [time for _, time in rows],
            "mem": [1024] * len(rows),
            "cpu": [8] * len(rows),
            "mem_usage": [10.0] * len(rows),
            "extra": ["dropped"] * len(rows),
        }
    )


def vms_of(*names: str) -> pl.DataFrame:
    one = nodes_of(*names)
    return pl.concat([one.with_columns(vm=pl.lit(vm)) for vm in ("b", "a")])


def write(place: Path, *, overwrite: bool = False) -> None:
    with TraceWriter(place, DRAFT, overwrite=overwrite) as writer:
        writer.write(nodes_of("n2", "n1"), vms_of("n2", "n1"))
        writer.write(nodes_of("n3"), vms_of())


def test_a_trace_is_parts_of_sorted_columns_and_their_manifest(tmp_path: Path) -> None:
    write(tmp_path / "trace")
    assert Manifest.read(tmp_path / "trace").parts == (Part("00000", 2, 8), Part("00001", 1, 0))
    nodes = pl.read_parquet(tmp_path / "trace" / "nodes" / "00000.parquet")
    assert nodes.columns == list(NODES)
    assert nodes.select("node", "time").rows() == [("n1", 0), ("n1", 60), ("n2", 0), ("n2", 60)]
    assert nodes["cpu_usage"].null_count() == 2
    vms = pl.read_parquet(tmp_path / "trace" / "vms" / "00000.parquet")
    assert vms.columns == list(VMS)
    assert vms.select("node", "vm", "time").is_sorted(("node", "vm", "time"))
    assert len(vms) == 8


def test_the_same_tables_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "other"):
        write(tmp_path / name)
    for path in ("nodes/00000.parquet", "vms/00000.parquet", MANIFEST):
        one, other = ((tmp_path / name / path).read_bytes() for name in ("one", "other"))
        assert one == other


def test_a_trace_that_is_there_stays_unless_it_may_be_replaced(tmp_path: Path) -> None:
    write(tmp_path / "trace")
    with pytest.raises(MisuseError, match="exists already"):
        write(tmp_path / "trace")
    write(tmp_path / "trace", overwrite=True)
    with pytest.raises(MisuseError, match="was not written by"):
        write(tmp_path, overwrite=True)


def test_an_interrupted_writer_leaves_no_half_trace(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupted(tmp_path / "trace")
    assert not list(tmp_path.iterdir())


def interrupted(place: Path) -> None:
    with TraceWriter(place, DRAFT) as writer:
        writer.write(nodes_of("n1"), vms_of("n1"))
        raise KeyboardInterrupt


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
@pytest.mark.parametrize("at", ["nodes/00001.parquet", "vms/00001.parquet", MANIFEST])
def test_a_full_disk_leaves_no_half_trace(tmp_path: Path, at: str) -> None:
    with pytest.raises(OutputError) as caught:
        filled_up(tmp_path / "trace", at)
    assert str(caught.value) == (
        f"{tmp_path / 'trace'}: cannot be written: No space left on device; free some space"
    )
    assert not list(tmp_path.iterdir())


def filled_up(place: Path, at: str) -> None:
    with TraceWriter(place, DRAFT) as writer:
        writer.write(nodes_of("n1"), vms_of("n1"))
        (writer._place / at).symlink_to("/dev/full")
        writer.write(nodes_of("n2"), vms_of("n2"))


def test_a_disk_without_room_for_a_folder_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Path.mkdir

    def full(path: Path, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:  # noqa: FBT001, FBT002  # the signature it replaces
        if path.name == "vms":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        made(path, mode, parents, exist_ok)

    monkeypatch.setattr(Path, "mkdir", full)
    with pytest.raises(OutputError, match="free some space"):
        write(tmp_path / "trace")
    monkeypatch.undo()
    assert not list(tmp_path.iterdir())
