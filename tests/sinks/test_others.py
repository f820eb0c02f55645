"""Sinks for whoever has another scheduler: a command, and a signed post."""

import json
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from documents import DOCS, blocks
from offered import node, status
from scroogevm.errors import MisuseError, OutputError
from scroogevm.service.demo import DemoFleet
from scroogevm.sinks.command import OfferCommand
from scroogevm.sinks.webhook import Webhook, signature
from scroogevm.statusfile import from_json, to_json
from servers import wait

TOLD = from_json(to_json(status(node("a"), node("b"))), "told")


def python(code: str, *words: str) -> list[str]:
    return [sys.executable, "-c", code, *words]


def test_a_command_gets_the_offers_on_stdin(tmp_path: Path) -> None:
    code = (
        "import os, sys; "
        "open(sys.argv[1], 'w').write(os.environ['SCROOGEVM_WINDOW'] + sys.stdin.read())"
    )
    OfferCommand(python(code, str(tmp_path / "got"))).send(TOLD, to_json(TOLD))
    text = (tmp_path / "got").read_text("utf-8")
    assert from_json(text.removeprefix(str(TOLD.window)), "got") == TOLD


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["/nowhere/at-all"], "/nowhere/at-all: cannot be started: No such file"),
        (python("import sys; sys.exit('no room')"), "ends with 1: no room"),
        (python("import sys; sys.stdin.close(); sys.exit(3)"), "ends with 3"),
        (python("import time; time.sleep(99)"), "takes longer than 0.5 s and was killed"),
    ],
)
def test_a_command_that_fails_is_told(words: list[str], said: str) -> None:
    with pytest.raises(OutputError, match=said):
        OfferCommand(words, seconds=0.5).send(TOLD, to_json(TOLD) * 100)


def test_what_a_command_started_ends_with_it(tmp_path: Path) -> None:
    path = tmp_path / "pid"
    code = (
        "import subprocess, sys; child = subprocess.Popen(['sleep', '99'], stderr=-3); "
        "open(sys.argv[1], 'w').write(str(child.pid))"
    )
    OfferCommand(python(code, str(path))).send(TOLD, "{}")
    pid = path.read_text("utf-8")
    states = ("", "Z")  # gone, or waiting for whoever adopted it
    ps = ["ps", "-o", "state=", "-p", pid]
    wait(
        lambda: (
            subprocess.run(ps, capture_output=True, text=True, check=False).stdout.strip() in states
        ),
        "the end of what it started",
    )


class Receiver(BaseHTTPRequestHandler):
    """Keeps what it gets; the path says with which code it answers."""

    got: list[tuple[Any, bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).got.append((self.headers, body))
        self.send_response(int(self.path[1:4]))
        self.send_header("Location", "/200")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[tuple[Any, bytes]]]]:
    class Own(Receiver):
        got: list[tuple[Any, bytes]] = []  # noqa: RUF012  # of one test

    with HTTPServer(("127.0.0.1", 0), Own) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://user:secret@127.0.0.1:{server.server_port}", Own.got
        server.shutdown()
        thread.join()


def test_a_webhook_is_signed(receiver: tuple[str, list[tuple[Any, bytes]]]) -> None:
    url, got = receiver
    with closing(Webhook(f"{url}/204", b"key", clock=lambda: 1_700_000_000.5)) as hook:
        hook.send(TOLD, to_json(TOLD))
    ((headers, body),) = got
    assert from_json(body, "body") == TOLD
    assert headers["X-ScroogeVM-Time"] == "1700000000"
    assert headers["X-ScroogeVM-Signature"] == signature(b"key", "1700000000", body)
    assert headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("code", [302, 404, 500])
def test_a_receiver_that_does_not_take_it_is_told(
    receiver: tuple[str, list[tuple[Any, bytes]]], code: int
) -> None:
    url, got = receiver
    place = url.replace("user:secret@", "")
    with (
        closing(Webhook(f"{url}/{code}?token=secret")) as hook,
        pytest.raises(OutputError, match=f"{place}/{code}: answers {code}") as error,
    ):
        hook.send(TOLD, "{}")
    assert "secret" not in str(error.value)
    assert len(got) == 1  # a redirect is not followed
    assert "X-ScroogeVM-Signature" not in got[0][0]


def test_a_receiver_that_is_away_is_told() -> None:
    with (
        closing(Webhook("http://127.0.0.1:9", tls=ssl.create_default_context())) as hook,
        pytest.raises(OutputError, match=r"http://127.0.0.1:9.*: cannot be reached"),
    ):
        hook.send(TOLD, json.dumps({}))
    with pytest.raises(MisuseError, match="is not an address"):
        Webhook("ftp://x")


def test_the_examples_of_the_how_to_do_what_they_say(
    tmp_path: Path, receiver: tuple[str, list[tuple[Any, bytes]]]
) -> None:
    table, check = (
        one.text
        for one in blocks(DOCS / "howto" / "other-schedulers.md")
        if one.language == "python"
    )
    words = ["env", f"--chdir={tmp_path}", *python(table)]
    OfferCommand(words).send(TOLD, to_json(TOLD))
    lines = (tmp_path / "free-cores").read_text("utf-8").splitlines()
    assert lines == ["a 64.00 1000000000000", "b 64.00 1000000000000"]
    url, got = receiver
    with closing(Webhook(f"{url}/200", b"key", clock=lambda: 1e9)) as hook:
        hook.send(TOLD, to_json(TOLD))
    ((headers, body),) = got
    names: dict[str, Any] = {}
    exec(compile(check, "page", "exec"), names)  # noqa: S102  # our own page
    time, signed = headers["X-ScroogeVM-Time"], headers["X-ScroogeVM-Signature"]
    assert names["is_ours"](b"key", 1e9 + 10, time, signed, body)
    assert not names["is_ours"](b"other", 1e9 + 10, time, signed, body)
    assert not names["is_ours"](b"key", 1e9 + 400, time, signed, body)
    assert not names["is_ours"](b"key", 1e9 + 10, time, signed, body + b" ")


def test_serve_tells_the_sinks_that_it_was_asked_for(
    tmp_path: Path, receiver: tuple[str, list[tuple[Any, bytes]]]
) -> None:
    url, got = receiver
    (tmp_path / "secret").write_text("key\n")
    words = ["serve", "--demo", "2", "--data", str(tmp_path / "data"), "--listen", "none"]
    words += ["--scope", "6s", "--settle", "1s", "--warm-up", "60s"]
    words += ["--offer-command", f"cp /dev/stdin {tmp_path}/offers"]
    words += ["--webhook", f"{url}/200", "--webhook-secret", str(tmp_path / "secret")]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen([sys.executable, "-m", "scroogevm", *words], stderr=log)
    try:
        wait(lambda: got and (tmp_path / "offers").exists(), "offers")
    finally:
        process.terminate()
        process.wait(60)
    assert process.returncode == 0, (tmp_path / "log").read_text("utf-8")
    headers, body = got[0]
    time = headers["X-ScroogeVM-Time"]
    assert headers["X-ScroogeVM-Signature"] == signature(b"key", time, body)
    for text in (body, (tmp_path / "offers").read_bytes()):
        told = from_json(text, "offers").nodes
        assert told  # in a demo one node may be silent
        assert set(told) <= set(DemoFleet(2).names)
