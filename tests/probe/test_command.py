"""``scroogevm probe`` as people start it: on machines that lack this and that."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families as parse

from commands import SCROOGEVM, fails, scroogevm
from probe.trees import NODE, grow
from scroogevm.probe.capabilities import CAPABILITIES
from scroogevm.probe.probe import Probe
from scroogevm.probe.service import ProbeLog, _steady
from scroogevm.probe.snapshot import Snapshot, Values
from servers import wait

NOWHERE = "qemu+unix:///system?socket=/nonexistent/socket"
ALONE = ("--uri", NOWHERE)
ONCE = ("probe", "--once", *ALONE)


def blind(stderr: str) -> set[str]:
    """What is said not to be seen: a line each, with what it costs."""
    found = set()
    for line in stderr.splitlines():
        match = re.fullmatch(r"cannot read (\w+): (.+); (.+)", line)
        assert match, line
        assert CAPABILITIES[match[1]] in line
        found.add(match[1])
    return found


def tree(root: Path, without: str = "?") -> tuple[str, ...]:
    files = {name: content for name, content in NODE.items() if not name.startswith(without)}
    procfs, sysfs = grow(root, files)
    return ("--path.procfs", str(procfs), "--path.sysfs", str(sysfs))


def names(text: str) -> set[str]:
    return {sample.name for family in parse(text) for sample in family.samples}


def test_a_machine_without_libvirt_goes_on(tmp_path: Path) -> None:
    done = scroogevm(*ONCE, *tree(tmp_path))
    assert done.returncode == 0
    assert blind(done.stderr) == {"libvirt"}
    assert {"scrooge_node_cpus", "scrooge_libvirt_up"} <= names(done.stdout)
    assert "scrooge_libvirt_up 0\n" in done.stdout


def test_a_kernel_without_pressure_goes_on(tmp_path: Path) -> None:
    done = scroogevm(*ONCE, *tree(tmp_path, "proc/pressure"))
    assert done.returncode == 0
    assert blind(done.stderr) == {"libvirt", "pressure"}
    assert not any("pressure" in name for name in names(done.stdout))
    assert 'scrooge_probe_capability{name="pressure"} 0\n' in done.stdout


def test_this_machine_as_it_is() -> None:
    done = scroogevm(*ONCE, "--perf")
    assert done.returncode == 0
    assert "libvirt" in blind(done.stderr)
    assert {"scrooge_node_cpus", "scrooge_node_memory_available_bytes"} <= names(done.stdout)


def test_a_kernel_that_tells_nothing_goes_on(tmp_path: Path) -> None:
    done = scroogevm(*ONCE, "--perf", *tree(tmp_path, ""))
    assert done.returncode == 0
    assert {"libvirt", "cpu", "memory", "pressure"} <= blind(done.stderr)
    assert "scrooge_node_cpu" not in done.stdout


def test_in_a_container_it_says_so_and_goes_on() -> None:
    namespace = ("unshare", "--pid", "--fork", "--mount-proc")
    if subprocess.run([*namespace, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no process namespace can be made here: that takes root")
    done = subprocess.run(
        [*namespace, SCROOGEVM, *ONCE], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert {"host", "libvirt"} <= blind(done.stderr)
    assert "scrooge_node_cpus" in names(done.stdout)


AS_NOBODY = """
import os, sys
from scroogevm.cli import cli
words = sys.argv[1:]
cli.main(words, standalone_mode=False)  # imports everything, while it may be read
print("-----", flush=True)
print("-----", file=sys.stderr, flush=True)
os.setgroups([])
os.setresgid(65534, 65534, 65534)
os.setresuid(65534, 65534, 65534)
cli.main(words, standalone_mode=False)
"""


def test_a_plain_user_goes_on() -> None:
    if os.geteuid():
        pytest.skip("only root can become somebody else; this very run is that of a plain user")
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, *ONCE, "--perf"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said, seen = done.stderr.partition("-----\n")[2], done.stdout.partition("-----\n")[2]
    assert {"libvirt", "perf"} <= blind(said)
    assert "not allowed (it needs CAP_PERFMON)" in said or "this machine has none" in said
    assert {"scrooge_node_cpus", "scrooge_node_memory_available_bytes"} <= names(seen)


def test_programs_get_json(tmp_path: Path) -> None:
    done = scroogevm(*ONCE, "--json", *tree(tmp_path))
    said = json.loads(done.stdout)
    assert said["node"]["scrooge_node_cpus"] == 2
    assert set(said["blind"]) == {"libvirt"}


def test_the_predecessors_names(tmp_path: Path) -> None:
    done = scroogevm(*ONCE, "--vmprobe", "my_prefix", *tree(tmp_path))
    assert "my_prefix_global_memory_total 10000\n" in done.stdout
    assert "scrooge" not in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--listen", "nonsense"), "HOST:PORT"),
        (("--listen", "0.0.0.0:0"), "--insecure"),
        (("--token-file", "/nonexistent"), "cannot be read"),
        (("--tls-cert", "/nonexistent"), "need each other"),
        (("--tls-cert", "/nonexistent", "--tls-key", "/nonexistent"), "cannot be used"),
        (("--vmprobe", "1-2"), "cannot begin"),
        (("--path.procfs", "/nonexistent"), "is not a directory"),
        (("--json",), "--once"),
        (("--once", "--json", "--vmprobe", "x"), "give only one of them"),
        (("--once", "--listen", "127.0.0.1:0"), "--listen: cannot be used with --once"),
        (("--once", "--textfile", "x.prom"), "--textfile: cannot be used with --once"),
        (("--textfile", "x.prom", "--token-file", "x"), "add --listen"),
    ],
)
def test_options_that_make_no_sense_are_misuse(words: Sequence[str], said: str) -> None:
    assert said in fails(2, "probe", *ALONE, *words)


def test_a_textfile_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    path = tmp_path / "none" / "x.txt"
    done = scroogevm("probe", *ALONE, "--textfile", path, *tree(tmp_path))
    assert done.returncode == 1
    assert f"{path}: node_exporter reads files that end in .prom only" in done.stderr
    assert f"{path}: cannot be written: No such file" in done.stderr
    assert "Traceback" not in done.stderr


@contextmanager
def running(*words: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as stderr:
        command = [str(SCROOGEVM), "probe", *words]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=stderr)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def url_of(log: Path) -> str:
    match = wait(lambda: re.search(r"serving (\S+)\n", log.read_text()), "an address")
    return str(match[1])


def test_it_serves_until_it_is_told_to_end(tmp_path: Path) -> None:
    log = tmp_path / "log"
    token = tmp_path / "token"
    token.write_text("hush-1")
    words = (*ALONE, "--listen", "127.0.0.1:0", "--token-file", str(token), *tree(tmp_path))
    with running(*words, log=log) as process:
        url = url_of(log)
        assert httpx.get(url).status_code == 401
        answer = httpx.get(url, headers={"Authorization": "Bearer hush-1"})
        assert "scrooge_node_cpus" in names(answer.text)
        token.write_text("hush-2")
        process.send_signal(signal.SIGHUP)
        new = {"Authorization": "Bearer hush-2"}
        wait(lambda: httpx.get(url, headers=new).status_code == 200, "the new token")
        token.write_text("")
        process.send_signal(signal.SIGHUP)
        wait(lambda: "the last reading is kept" in log.read_text(), "a complaint")
        assert httpx.get(url, headers=new).status_code == 200
        taken = fails_to_start(url.removeprefix("http://").partition("/")[0])
        assert "cannot listen" in taken
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    said = log.read_text().splitlines()
    assert sum("cannot read libvirt" in line for line in said) == 1
    assert "hush" not in log.read_text()


def fails_to_start(address: str) -> str:
    done = scroogevm("probe", *ALONE, "--listen", address)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.parametrize("prefix", [(), ("--vmprobe", "old")])
def test_a_textfile_is_renewed_and_always_whole(tmp_path: Path, prefix: tuple[str, ...]) -> None:
    path = tmp_path / "textfiles" / "node.prom"
    path.parent.mkdir()
    words = ("--textfile", str(path), "--interval", "0.1", *ALONE, *prefix, *tree(tmp_path))
    with running(*words, log=tmp_path / "log") as process:
        wait(path.exists, "a textfile")
        seen: set[str] = set()
        end = time.monotonic() + 60
        while len(seen) < 4 and time.monotonic() < end:
            content = path.read_text()
            assert content.endswith("\n")
            whole = "scrooge_node_pressure_io_stalled" if not prefix else "old_global_sched_times"
            assert whole in content
            seen.add(content)
        assert len(seen) == 4
        assert path.stat().st_mode & 0o777 == 0o644
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert [each.name for each in path.parent.iterdir()] == ["node.prom"]
    assert "serving" not in (tmp_path / "log").read_text()


def test_both_at_once_and_the_file_may_come_and_go(tmp_path: Path) -> None:
    log = tmp_path / "log"
    folder = tmp_path / "textfiles"
    folder.mkdir()
    words = ("--textfile", f"{folder}/x.prom", "--listen", "127.0.0.1:0", "--interval", "0.1")
    with running(*words, *ALONE, *tree(tmp_path), log=log):
        url = url_of(log)
        (folder / "x.prom").unlink(missing_ok=True)
        folder.rename(tmp_path / "away")
        wait(lambda: "cannot be written" in log.read_text(), "a complaint")
        assert "scrooge_node_cpus" in names(httpx.get(url).text)
        (tmp_path / "away").rename(folder)
        wait(lambda: "is written again" in log.read_text(), "its end")
        wait((folder / "x.prom").exists, "the textfile")
    assert log.read_text().count("cannot be written") == 1


def test_what_changes_is_said_once() -> None:
    lines: list[str] = []
    speaker = ProbeLog(lines.append)
    for why in ({"libvirt": "a"}, {"libvirt": "b"}, {}, {}, {"libvirt": "c"}):
        speaker.hear(Snapshot(Values(), blind=why))
    cost = CAPABILITIES["libvirt"]
    assert lines == [
        f"cannot read libvirt: a; {cost}",
        "libvirt can be read again",
        f"cannot read libvirt: c; {cost}",
    ]


def test_rounds_lie_an_interval_apart_and_late_ones_are_left_out() -> None:
    now = [100.0]
    steady = _steady(5.0, lambda: now[0])
    pauses = []
    for took in (0.0, 1.0, 12.0, 0.0):
        now[0] += took
        pauses.append(next(steady))
        now[0] += pauses[-1]
    assert pauses == [5.0, 4.0, 3.0, 5.0]


def test_options_can_be_set_by_environment_and_file(tmp_path: Path) -> None:
    places = dict(zip(("--path.procfs", "--path.sysfs"), tree(tmp_path)[1::2], strict=True))
    env: Mapping[str, str] = {
        "SCROOGEVM_PROBE_PROCFS": places["--path.procfs"],
        "SCROOGEVM_PROBE_SYSFS": places["--path.sysfs"],
        "SCROOGEVM_PROBE_INTERVAL": "7",
    }
    done = scroogevm(*ONCE, env=env)
    assert "scrooge_node_memory_total_bytes 10240000\n" in done.stdout
    assert "scrooge_probe_interval_seconds 7\n" in done.stdout


def test_help_does_not_need_libvirt_or_a_node() -> None:
    assert scroogevm("probe", "--help").returncode == 0
    assert Probe.__doc__
