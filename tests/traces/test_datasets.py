"""Data sets of VMs in their publishers' layouts: small, made up, some broken."""

import gzip
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from scroogevm.errors import OutputError, ScroogeError, TraceError
from scroogevm.traces.convert import convert_vms
from scroogevm.traces.dataset import DATASETS, VM_TABLE, find_dataset
from scroogevm.traces.vmtable import VmTable, open_vms

BITBRAINS_HEADER = ";\t".join(  # noqa: FLY002  # a list of names, one line would be too long
    ("Timestamp [ms]", "CPU cores", "CPU capacity provisioned [MHZ]", "CPU usage [MHZ]",
     "CPU usage [%]", "Memory capacity provisioned [KB]", "Memory usage [KB]",
     "Disk read throughput [KB/s]")
)  # fmt: skip
MATERNA_HEADER = ";".join(
    f'"{name}"'
    for name in (
        "Timestamp", "CPU cores", "CPU capacity provisioned [MHZ]", "CPU usage [MHZ]",
        "CPU usage [%]", "Memory capacity provisioned [KB]", "Memory usage [KB]",
        "Memory usage [%]",
    )
)  # fmt: skip

Make = Callable[[Path], Path]


def write(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{line}\n" for line in lines)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    return path


def azure(root: Path, *sizes: str, readings: tuple[str, ...] = (), ending: str = ".csv") -> Path:
    rows = [
        f"{vm},sub,dep,0,600,90.0,20.0,80.0,Unknown,{size}"
        for vm, size in zip(("vmA=", "vmB="), sizes, strict=False)
    ]
    write(root / f"vmtable{ending}", *rows)
    readings = readings or (
        "0,vmA=,1.0,50.0,25.0", "0,vmB=,0,100,50", "300,vmA=,1.0,60.0,37.5", "300,vmB=,0,10,5",
    )  # fmt: skip
    for number, half in enumerate((readings[:2], readings[2:]), 1):
        if half:
            write(root / "readings" / f"vm_cpu_readings-file-{number}-of-2{ending}", *half)
    return root


def bitbrains(root: Path, *rows: str) -> Path:
    plain = (
        "1376314846;\t2;\t5200.0;\t520.0;\t10.0;\t2097152.0;\t524288.0;\t0.0",
        "1376315147;\t2;\t5200.0;\t1300.0;\t25.0;\t2097152.0;\t1048576.0;\t0.0",
        "1376315445;\t0;\t0.0;\t0.0;\t0.0;\t0.0;\t0.0;\t0.0",
    )
    write(root / "2013-8" / "1.csv", BITBRAINS_HEADER, *(rows or plain))
    write(root / "2013-9" / "1.csv", BITBRAINS_HEADER, plain[0].replace("1376314846", "1376316046"))
    return root


def materna(root: Path, *rows: str) -> Path:
    plain = (
        '"04.11.2015 20:20:00";"4";"8000";"1000";"12,5";"4194304";"1048576";"25,00"',
        '"04.11.2015 20:25:00";"4";"8000";"500,5";"6,26";"4194304";"2097152";"50,00"',
    )
    write(root / "Materna-Trace-1" / "01.csv", MATERNA_HEADER, *(rows or plain))
    return root


def planetlab(root: Path, *lines: str) -> Path:
    write(root / "20110303" / "host_example_slice", *(lines or [str(n % 101) for n in range(288)]))
    write(root / "20110306" / "host_example_slice", *["7"] * 288)
    return root


def vms(root: Path, *lines: str, name: str = "vms.csv") -> Path:
    plain = ("vm,time,cpu_usage,cpu,mem_usage,mem",
             "a,0,0.5,2,100,1024", "a,60,,2,,1024", "b,60,1.5,1,,", "b,0,1,1,,")  # fmt: skip
    return write(root / name, *(lines or plain))


def opened(path: Path, tmp_path: Path, spec: str | None = None) -> tuple[VmTable, pl.DataFrame]:
    (tmp_path / "scratch").mkdir(exist_ok=True)
    table = open_vms(path, spec, tmp_path / "scratch")
    return table, table.frame.sort("vm", "time").collect()


WELL_FORMED: dict[str, Make] = {
    "azure-v1": lambda root: azure(root, "4,1.75", "1,0.75"),
    "azure-v2": lambda root: azure(root, ">24,>64", "2,4", ending=".csv.gz"),
    "bitbrains": bitbrains,
    "materna": materna,
    "planetlab": planetlab,
    "vms": vms,
}


def test_every_data_set_has_a_sample_here() -> None:
    assert sorted(WELL_FORMED) == DATASETS.names


@pytest.mark.parametrize("name", DATASETS.names)
def test_each_layout_is_recognised_by_its_own_reader_alone(name: str, tmp_path: Path) -> None:
    path = WELL_FORMED[name](tmp_path / "data")
    assert [each for each in DATASETS.names if DATASETS.build(each).recognises(path)] == [name]
    assert find_dataset(path)[0] == name
    table, rows = opened(path, tmp_path)
    assert rows.columns == list(VM_TABLE)
    assert rows.height == table.lives["rows"].sum()
    assert table.source["licence"]


def test_azure_v1_percentages_become_cores_of_the_vm(tmp_path: Path) -> None:
    table, rows = opened(azure(tmp_path / "data", "4,1.75", "1,0.75"), tmp_path)
    assert table.interval == 300
    assert rows.rows() == [
        ("vmA=", 0, 1.0, 4.0, None, 1792.0),
        ("vmA=", 300, 1.5, 4.0, None, 1792.0),
        ("vmB=", 0, 0.5, 1.0, None, 768.0),
        ("vmB=", 300, 0.05, 1.0, None, 768.0),
    ]


def test_azure_v2_buckets_count_at_their_upper_bound_and_the_open_one_as_told(
    tmp_path: Path,
) -> None:
    data = azure(tmp_path / "data", ">24,>64", "2,4")
    rows = opened(data, tmp_path)[1].filter(time=0)
    assert rows.select("cpu", "mem").rows() == [(30.0, 70 * 1024), (2.0, 4096.0)]
    told = opened(data, tmp_path, "azure-v2:above_cores=48,above_gib=192")[1].filter(vm="vmA=")
    assert told.select("cpu", "mem", "cpu_usage").row(0) == (48.0, 192 * 1024, 12.0)


def test_bitbrains_seconds_labelled_ms_mhz_and_kb_become_ours(tmp_path: Path) -> None:
    rows = opened(bitbrains(tmp_path / "data"), tmp_path)[1]
    assert rows.rows() == [
        ("1", 0, 0.2, 2.0, 512.0, 2048.0),
        ("1", 300, 0.5, 2.0, 1024.0, 2048.0),
        ("1", 600, 0.0, 0.0, 0.0, 0.0),
        ("1", 1200, 0.2, 2.0, 512.0, 2048.0),
    ]


def test_bitbrains_true_milliseconds_are_the_same_moments(tmp_path: Path) -> None:
    row = "{};\t2;\t5200.0;\t520.0;\t10.0;\t2097152.0;\t524288.0;\t0.0"
    times = [row.format(t) for t in (1376314846000, 1376315146000)]
    assert opened(bitbrains(tmp_path / "d", *times), tmp_path)[1]["time"].to_list() == [
        0,
        300,
        1200,
    ]


def test_bitbrains_two_readings_of_one_moment_are_refused_or_averaged(tmp_path: Path) -> None:
    row = "1376314846;\t2;\t5200.0;\t{};\t10.0;\t2097152.0;\t524288.0;\t0.0"
    data = bitbrains(tmp_path / "data", row.format(520), row.format(1040))
    with pytest.raises(TraceError, match=r"1\.csv: VM 1 has two readings .*duplicates=mean"):
        opened(data, tmp_path)
    rows = opened(data, tmp_path, "bitbrains:duplicates=mean")[1]
    assert rows.filter(time=0)["cpu_usage"].to_list() == pytest.approx([0.3])


def strays(folder: Path) -> None:
    """What desktops, archivers and people leave in a folder."""
    (folder / "__MACOSX" / ".hidden").mkdir(parents=True)
    for name in (".DS_Store", "._1.csv", "._vmtable.csv", "__MACOSX/.hidden/1.csv", "Thumbs.db"):
        (folder / name).write_bytes(b"\x00\x05\x16\x07\xff\xfe")
    (folder / "README").write_text("Downloaded in 2024.\n")


@pytest.mark.parametrize("name", [name for name in DATASETS.names if name != "vms"])
def test_files_that_are_none_of_the_layout_are_left_alone(name: str, tmp_path: Path) -> None:
    path = WELL_FORMED[name](tmp_path / "data")
    clean = opened(path, tmp_path)[1]
    for folder in [path, *(item for item in path.rglob("*") if item.is_dir())]:
        strays(folder)
    assert find_dataset(path)[0] == name
    table, rows = opened(path, tmp_path)
    assert rows.equals(clean)
    assert all("of another layout, not read" in line for line in table.oddities)


def test_a_table_beside_the_files_of_vms_is_not_read_and_told(tmp_path: Path) -> None:
    path = bitbrains(tmp_path / "data")
    clean = opened(path, tmp_path)[1]
    write(path / "2013-8" / "0names.csv", "id,name", "1,web")
    table, rows = opened(path, tmp_path)
    assert rows.equals(clean)
    assert [*table.oddities] == [
        f"1 file of another layout, not read (first: {path}/2013-8/0names.csv)"
    ]


@pytest.mark.parametrize("name", ["bitbrains", "materna"])
def test_a_folder_of_strays_alone_has_no_readings(name: str, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    write(tmp_path / "data" / "names.csv", "id,name", "1,web")
    strays(tmp_path / "data")
    with pytest.raises(TraceError, match="has no CSV file with readings"):
        opened(tmp_path / "data", tmp_path, name)


def test_bitbrains_with_semicolons_alone_is_the_same(tmp_path: Path) -> None:
    tabs = bitbrains(tmp_path / "tabs")
    clean = opened(tabs, tmp_path)[1]
    for file in tabs.rglob("*.csv"):
        file.write_text(file.read_text().replace(";\t", ";"))
    assert find_dataset(tabs)[0] == "bitbrains"
    assert opened(tabs, tmp_path)[1].equals(clean)


@pytest.mark.parametrize("spec", ["bitbrains", "materna"])
def test_another_separator_is_refused_by_name(spec: str, tmp_path: Path) -> None:
    path = bitbrains(tmp_path / "data")
    for file in path.rglob("*.csv"):
        file.write_text(file.read_text().replace(";\t", ","))
    with pytest.raises(TraceError, match=r"1\.csv: line 1: .* has no semicolon; .*separated by"):
        opened(path, tmp_path, spec)


def test_times_of_another_layout_are_not_two_readings_of_one_moment(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=r"VM .*: time: is not a whole number"):
        opened(bitbrains(tmp_path / "data"), tmp_path, "materna")


def absurd(root: Path, number: int = 1) -> Path:
    """A table of 200 readings, some of them of 24 GiB of 1214 MiB."""
    used = (24576 if t >= 200 - number else 700 for t in range(200))
    return vms(root, HEAD, *(f"a,{60 * t},1,2,{mem},1214" for t, mem in enumerate(used)))


def test_one_absurd_reading_is_refused_with_the_way_round_or_read_as_missing(
    tmp_path: Path,
) -> None:
    path = absurd(tmp_path)
    with pytest.raises(TraceError, match=r"mem_usage: 24576 of 1214 MiB is absurd.*absurd=drop"):
        opened(path, tmp_path)
    table, rows = opened(path, tmp_path, "vms:absurd=drop,unit=cores")
    assert rows["mem_usage"].null_count() == 1
    assert rows["mem_usage"].max() == 700
    assert rows["cpu_usage"].null_count() == 0
    assert table.lives["mem_peak"].to_list() == [700]
    assert [*table.oddities] == [
        f"1 absurd reading, read as missing: {path}: VM a: time 11940: mem_usage: 24576 of 1214 MiB"
    ]
    said: list[str] = []
    convert_vms(path, tmp_path / "new.parquet", "vms:absurd=drop,unit=cores", remark=said.append)
    assert said == table.oddities
    assert pl.read_parquet(tmp_path / "new.parquet").equals(rows)


def test_more_absurd_readings_than_slips_are_refused_even_so(tmp_path: Path) -> None:
    assert opened(absurd(tmp_path, 2), tmp_path, "vms:absurd=drop")[1]["mem_usage"].null_count()
    with pytest.raises(
        TraceError, match="3 of 200 readings are impossible, the first 24576 of 1214"
    ):
        opened(absurd(tmp_path, 3), tmp_path, "vms:absurd=drop")


def test_materna_commas_are_decimals(tmp_path: Path) -> None:
    rows = opened(materna(tmp_path / "data"), tmp_path)[1]
    assert rows.rows() == [
        ("Materna-Trace-1/01", 0, 0.5, 4.0, 1024.0, 4096.0),
        ("Materna-Trace-1/01", 300, 0.25025, 4.0, 2048.0, 4096.0),
    ]


def test_planetlab_days_begin_together_and_vms_have_the_cores_told(tmp_path: Path) -> None:
    rows = opened(planetlab(tmp_path / "data"), tmp_path, "planetlab:cores=2")[1]
    assert rows["vm"].unique().sort().to_list() == [
        "20110303/host_example_slice", "20110306/host_example_slice",
    ]  # fmt: skip
    assert rows.row(3) == ("20110303/host_example_slice", 900, 0.06, 2.0, None, None)
    assert rows["time"].max() == 287 * 300


def test_vms_units_sizes_and_interval(tmp_path: Path) -> None:
    table, rows = opened(vms(tmp_path), tmp_path)
    assert table.interval == 60
    assert rows.row(1) == ("a", 60, None, 2.0, None, 1024.0)
    share = opened(vms(tmp_path), tmp_path, "vms:unit=fraction")[1]
    assert share["cpu_usage"].to_list() == [1.0, None, 1.0, 1.5]
    rows.drop("cpu", "mem", "mem_usage").with_columns(cpu=pl.lit(None, pl.Float32)).write_parquet(
        tmp_path / "bare.parquet"
    )
    told = opened(tmp_path / "bare.parquet", tmp_path, "vms:cores=3")[1]
    assert told["cpu"].unique().to_list() == [3.0]
    assert told["mem"].null_count() == 4


def test_usage_that_may_be_a_fraction_is_remarked(tmp_path: Path) -> None:
    path = vms(tmp_path, "vm,time,cpu_usage,cpu", "a,0,0.5,4", "a,60,0.9,4")
    assert "unit=fraction" in opened(path, tmp_path)[0].oddities[0]
    assert not opened(path, tmp_path, "vms:unit=cores")[0].oddities


HEAD = "vm,time,cpu_usage,cpu,mem_usage,mem"
BROKEN: dict[str, tuple[Make, str]] = {
    "azure without readings": (
        lambda root: write(root / "vmtable.csv", "a,b,c,0,0,1,1,1,x,2,4").parent,
        "known: azure-v1",
    ),
    "azure with a word": (
        lambda root: azure(root, "4,1.75", "1,1", readings=("0,vmA=,1,2,fast", "300,vmA=,1,2,3")),
        r"file-1-of-2\.csv: VM vmA=: time 0: cpu_usage: is not a number",
    ),
    "azure with a negative reading": (
        lambda root: azure(root, "4,1.75", "1,1", readings=("0,vmA=,1,2,-3", "300,vmA=,1,2,3")),
        "VM vmA=: time 0: cpu_usage",
    ),
    "azure with an unknown vm": (
        lambda root: azure(root, "4,1.75", readings=("0,vmA=,1,2,3", "0,vmZ=,1,2,3")),
        "VM vmZ=: time 0: cpu: is missing",
    ),
    "azure with a column too many": (
        lambda root: azure(root, "4,1.75", "1,1", readings=("0,vmA=,1,2,3,4", "1,vmA=,1,2,3,4")),
        r"file-1-of-2\.csv: has rows with more or fewer fields",
    ),
    "azure with cores for percent": (
        lambda root: azure(root, "4,1.75", "1,1", readings=("0,vmA=,1,2,900", "300,vmA=,1,2,3")),
        "VM vmA=: time 0: cpu_usage: 36 of 4 cores is absurd",
    ),
    "bitbrains without a column": (
        lambda root: write(root / "1.csv", "Timestamp [ms];\tCPU cores", "1;\t2").parent,
        r"1\.csv: line 1: column 'CPU capacity provisioned \[MHZ\]' is missing",
    ),
    "bitbrains with a bad time": (
        lambda root: bitbrains(root, "soon;\t2;\t5200;\t520;\t10;\t2097152;\t524288;\t0"),
        r"VM 1: time: is not a whole number",
    ),
    "materna with full stops": (
        lambda root: materna(
            root, '"04.11.2015 20:20:00";"4";"8.000";"1000";"1";"4194304";"1048576";"25"'
        ),
        r"01\.csv: VM Materna-Trace-1/01: time 0: cpu_usage: is not a number",
    ),
    "materna with another date": (
        lambda root: materna(
            root, '"2015-11-04 20:20:00";"4";"8000";"1000";"1";"4194304";"1048576";"25"'
        ),
        "time: is not a whole number",
    ),
    "planetlab with a word": (
        lambda root: planetlab(root, "5", "x"),
        r"host_example_slice: line 2: 'x' is not a percentage",
    ),
    "planetlab cut short": (lambda root: planetlab(root, *["5"] * 287), "has 287 readings; 288"),
    "planetlab above 100": (lambda root: planetlab(root, "101"), "line 1: '101'"),
    "empty csv": (lambda root: write(root / "a.csv"), "has no header"),
    "no rows": (lambda root: vms(root, HEAD), "has no rows"),
    "a table of nodes": (
        lambda root: vms(root, "node,time,cpu_usage,cpu", "n,0,1,2"),
        "a table of nodes",
    ),
    "a missing column": (
        lambda root: vms(root, "vm,time,cpu", "a,0,1"),
        "column 'cpu_usage' is missing; it has vm, time, cpu",
    ),
    "a negative usage": (
        lambda root: vms(root, HEAD, "a,0,1,2,,", "a,60,-1,2,,"),
        r"vms\.csv: VM a: time 60: cpu_usage: is not a number >= 0",
    ),
    "negative memory": (
        lambda root: vms(root, HEAD, "a,0,1,2,-5,", "a,60,1,2,,"),
        "VM a: time 0: mem_usage",
    ),
    "an allocation missing": (lambda root: vms(root, HEAD, "a,0,1,,,"), "cpu: is missing"),
    "percent for cores": (
        lambda root: vms(root, HEAD, "a,0,1,2,,", "a,60,85,2,,"),
        "VM a: time 60: cpu_usage: 85 of 2 cores is absurd",
    ),
    "bytes for MiB": (
        lambda root: vms(root, HEAD, "a,0,1,2,1e9,1024", "a,60,1,2,1e9,1024"),
        "mem_usage: 1e[+]09 of 1024 MiB is absurd",
    ),
    "half a second": (
        lambda root: vms(root, HEAD, "a,0.5,1,2,,"),
        "time: 0.5 is not a whole number >= 0",
    ),
    "off the grid": (
        lambda root: vms(root, HEAD, *(f"a,{t},1,2,," for t in (0, 60, 120, 130))),
        "VM a: time: 130 is not a multiple of 60 s after 0",
    ),
    "one reading": (lambda root: vms(root, HEAD, "a,0,1,2,,"), "interval is unknown"),
    "no name": (lambda root: vms(root, HEAD, ",0,1,2,,"), "vm: is missing"),
    "a ragged row": (lambda root: vms(root, HEAD, "a,0,1,2,,,9"), r"vms\.csv: "),
    "no parquet": (lambda root: vms(root, name="a.parquet"), "cannot be read"),
    "truncated gzip": (lambda root: truncated(vms(root, name="a.csv.gz")), r"a\.csv\.gz: "),
    "nothing there": (lambda root: root / "nothing", "no such file"),
    "an unknown kind": (lambda root: write(root / "a.txt", "x"), "known: azure-v1"),
}


def truncated(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[:-12])
    return path


@pytest.mark.parametrize("case", BROKEN)
def test_broken_input_is_one_line_naming_place_and_fault(case: str, tmp_path: Path) -> None:
    make, said = BROKEN[case]
    path = make(tmp_path / "data")
    with pytest.raises(TraceError, match=said) as caught:
        opened(path, tmp_path)
    assert "\n" not in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_fractions_that_are_cores_are_refused(tmp_path: Path) -> None:
    path = vms(tmp_path, HEAD, "a,0,1,8,,", "a,60,5,8,,")
    with pytest.raises(TraceError, match="40 of 8 cores is absurd"):
        opened(path, tmp_path, "vms:unit=fraction")


@pytest.mark.parametrize(
    "spec", ["vms:unit=mhz", "bitbrains:duplicates=drop", "vms:absurd=keep", "vms:interval=-1", "x"]
)
def test_wrong_options_are_misuse(spec: str, tmp_path: Path) -> None:
    with pytest.raises(ScroogeError) as caught:
        opened(vms(tmp_path), tmp_path, spec)
    assert caught.value.exit_code == 2


def test_converted_data_sets_are_sorted_and_the_same(tmp_path: Path) -> None:
    path = tmp_path / "new.parquet"
    assert convert_vms(vms(tmp_path), path, None) == 4
    assert pl.read_parquet(path).equals(opened(vms(tmp_path), tmp_path)[1])
    assert opened(path, tmp_path)[1].equals(pl.read_parquet(path))
    with pytest.raises(ScroogeError, match="--force"):
        convert_vms(vms(tmp_path), path, None)


def test_a_file_that_is_no_table_of_vms_is_never_replaced(tmp_path: Path) -> None:
    notes = write(tmp_path / "notes.txt", "mine")
    with pytest.raises(ScroogeError, match="was not written by"):
        convert_vms(vms(tmp_path), notes, None, overwrite=True)
    assert notes.read_text() == "mine\n"
    table = tmp_path / "new.parquet"
    convert_vms(vms(tmp_path), table, None)
    assert convert_vms(vms(tmp_path), table, None, overwrite=True) == 4


def test_a_failed_conversion_leaves_nothing(tmp_path: Path) -> None:
    path = vms(tmp_path, HEAD, "a,0,1,2,,", "a,60,1,2,,", "a,0,1,2,,")
    with pytest.raises(TraceError, match=r"vms\.csv: VM a at time 0: has two rows"):
        convert_vms(path, tmp_path / "new.parquet", None)
    assert [item.name for item in tmp_path.iterdir()] == ["vms.csv"]
    with pytest.raises(OutputError, match="cannot be written"):
        convert_vms(path, tmp_path / "none" / "new.parquet", None)


def test_a_size_that_is_no_number_is_never_read_as_no_usage(tmp_path: Path) -> None:
    row = "1376314846;\t2;\tmany;\t520.0;\t10.0;\t2097152.0;\t524288.0;\t0.0"
    with pytest.raises(TraceError, match="cpu_usage: is not a number"):
        opened(bitbrains(tmp_path / "data", row), tmp_path)
