"""What the kernel of a node tells of its memory."""

from pathlib import Path

import pytest

from scroogevm.balloon.host import HostGauges

MIB = 1024


@pytest.mark.parametrize(
    ("told", "total"),
    [
        ("", 1000.0),
        (f"HugePages_Total: 450\nHugepagesize: 2048 kB\nHugetlb: {900 * MIB} kB\n", 100.0),
        ("HugePages_Total: 300\nHugepagesize: 2048 kB\n", 400.0),  # an older kernel
        (f"HugePages_Total: 0\nHugepagesize: 2048 kB\nHugetlb: {1024 * MIB // 2} kB\n", 488.0),
    ],
)
def test_hugepages_are_no_memory_of_balloons(tmp_path: Path, told: str, total: float) -> None:
    text = f"MemTotal: {1000 * MIB} kB\nMemAvailable: {60 * MIB} kB\n{told}"
    (tmp_path / "meminfo").write_text(text)
    host = HostGauges(tmp_path).local(1.0)
    assert (host.total, host.available) == (total, 60.0)
