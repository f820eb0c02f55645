"""A sink gets the newest status, however often it fails, and delays nobody."""

import threading
from pathlib import Path

import pytest

from scroogevm.errors import MisuseError, OutputError
from scroogevm.offers.status import Status
from scroogevm.sinks.sink import OfferSink, SinkThread
from scroogevm.sinks.status_file import StatusFile
from scroogevm.statusfile import from_json, read_status, to_json


def _status(window: int) -> Status:
    return Status(1, window, 60.0 * window, 60.0 * window, 60.0, 60.0, {})


class Failing(OfferSink):
    """Fails until it may work."""

    name = "failing"

    def __init__(self) -> None:
        self.works, self.tried, self.arrived = False, threading.Event(), threading.Event()
        self.got: list[int] = []

    def send(self, status: Status, text: str) -> None:
        del text
        self.tried.set()
        if not self.works:
            raise OutputError("is broken")
        self.got.append(status.window)
        self.arrived.set()


def test_a_sink_that_fails_gets_the_newest_once_it_works() -> None:
    sink, said = Failing(), list[str]()
    thread = SinkThread(sink, said.append)
    thread.put(_status(1), "")
    assert sink.tried.wait(10)
    sink.works = True
    thread.put(_status(2), "")
    assert sink.arrived.wait(10)
    thread.close()
    assert sink.got[-1] == 2
    assert said == ["failing: is broken; it is tried again until it works", "failing works again"]
    assert (thread.state.window, thread.state.trouble) == (2, "")
    assert thread.state.failures >= 1


def test_a_status_file_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "data" / "status.json"
    StatusFile(path).send(_status(3), to_json(_status(3)))
    assert read_status(path) == _status(3)
    assert [each.name for each in path.parent.iterdir()] == ["status.json"]


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        StatusFile(tmp_path / "file" / "status.json").send(_status(1), "{}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not the status"),
        ("[]", "is not the status"),
        ('{"version": 1}', "x: window: is not the status of a fleet: .*, and 5 more"),
        (to_json(_status(1)).replace('"version":1', '"version":2'), "version 2 cannot be read"),
    ],
)
def test_what_is_no_status_is_refused(text: str, said: str) -> None:
    with pytest.raises(MisuseError, match=said):
        from_json(text, "x")
