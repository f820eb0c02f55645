"""The numbers over HTTP: for whom, in which form, and at what cost to others."""

import errno
import gzip
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from threading import Barrier, Event, Thread

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scroogevm.address import parse_address
from scroogevm.errors import MisuseError, ProbeError
from scroogevm.probe import server as module
from scroogevm.probe.access import Certificate, ServerAccess, Token
from scroogevm.probe.exposition import OPENMETRICS, TEXT
from scroogevm.probe.latest import Latest
from scroogevm.probe.negotiation import takes_gzip, wants_openmetrics
from scroogevm.probe.server import Server
from scroogevm.probe.snapshot import Snapshot, Values
from servers import require, wait

ANYWHERE = "127.0.0.1:0"
Start = Callable[..., Server]

get = partial(httpx.get, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
"""By default it trusts nobody: to read all that are commonly trusted takes long, each time."""


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts servers, which end with the test."""
    monkeypatch.setattr(module, "PAUSE", 0.01)
    started: list[Server] = []

    def begin(
        token: Token | None = None,
        certificate: Certificate | None = None,
        page: Callable[[bool], str] = lambda openmetrics: f"open {openmetrics}\n",
        **more: bool,
    ) -> Server:
        access = ServerAccess(parse_address(ANYWHERE), token, certificate)
        started.append(Server(access, page, **more))
        started[-1].start()
        return started[-1]

    yield begin
    for server in started:
        server.stop()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate that nobody signed but itself."""
    return make_certificate(tmp_path_factory.mktemp("tls"), "one")


def make_certificate(folder: Path, name: str) -> Certificate:
    made = Certificate(folder / f"{name}.pem", folder / f"{name}.key")
    subprocess.run(
        [require("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", f"/CN={name}",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", made.key, "-out", made.certificate],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return made


def connect(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.server_port), timeout=30)


def write_token(path: Path, secret: str) -> Token:
    path.write_text(f"{secret}\n")
    return Token(path)


def test_numbers_are_text_and_on_request_openmetrics(start: Start) -> None:
    url = start().url
    plain = get(url)
    assert (plain.text, plain.headers["content-type"]) == ("open False\n", TEXT)
    accept = {"Accept": "application/openmetrics-text;version=1.0.0;q=0.7,text/plain;q=0.3"}
    other = get(url, headers=accept)
    assert (other.text, other.headers["content-type"]) == ("open True\n", OPENMETRICS)
    only_text = start(openmetrics=False)
    assert get(only_text.url, headers=accept).headers["content-type"] == TEXT


def test_other_paths_and_methods(start: Start) -> None:
    url = start().url
    root = url.removesuffix("metrics")
    assert "/metrics" in get(root).text
    assert get(f"{root}nowhere").status_code == 404
    assert get(f"{url}?name=x").status_code == 200
    assert httpx.post(url, content=b"x").status_code == 501
    head = httpx.head(url)
    assert (head.content, head.headers["content-length"]) == (b"", str(len("open False\n")))


@pytest.mark.parametrize("problem", [OSError("a full table of files"), KeyError("a defect")])
def test_numbers_that_cannot_be_read_are_a_failure_and_not_silence(
    start: Start, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    said: list[BaseException | None] = []
    monkeypatch.setattr(threading, "excepthook", lambda hooked: said.append(hooked.exc_value))

    def fail(openmetrics: bool) -> str:  # noqa: FBT001  # as the page has it
        del openmetrics
        raise problem

    answer = get(start(page=fail).url)
    assert (answer.status_code, answer.text) == (500, "the numbers cannot be read\n")
    (error,) = wait(lambda: said, "it to be said")
    assert error.__cause__ is problem


def test_large_answers_are_packed_for_those_who_can_unpack(start: Start) -> None:
    url = start(page=lambda _: "x 1\n" * 1000).url
    with httpx.stream("GET", url, headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
        assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == b"x 1\n" * 1000
    plain = get(url, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.text == "x 1\n" * 1000


@pytest.mark.parametrize(
    "header",
    [None, "", "secret", "Bearer", "Bearer secreT", "Bearer secret2", "Basic secret", "Bearer ä"],
)
def test_without_the_token_nobody_sees_anything(
    start: Start, tmp_path: Path, header: str | None
) -> None:
    url = start(write_token(tmp_path / "token", "secret")).url
    said = httpx.Headers([] if header is None else [(b"Authorization", header.encode())])
    for path in ("/metrics", "/", "/nowhere"):
        answer = get(url.replace("/metrics", path), headers=said)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert "open" not in answer.text
    for scheme in ("Bearer", "bearer"):
        assert get(url, headers={"Authorization": f"{scheme} secret"}).text == "open False\n"


@pytest.mark.parametrize("content", ["", "\n", "two words", "a\nb", "ä", "a\0"])
def test_a_file_without_a_token_is_misuse(tmp_path: Path, content: str) -> None:
    path = tmp_path / "token"
    path.write_text(content)
    with pytest.raises(MisuseError, match=r"-file .*: (is empty|has 2 lines|holds a secret)"):
        Token(path)
    with pytest.raises(MisuseError, match="cannot be read"):
        Token(tmp_path / "none")


def test_a_token_is_never_shown(tmp_path: Path) -> None:
    token = write_token(tmp_path / "token", "hush-hush")
    access = ServerAccess(parse_address(ANYWHERE), token)
    assert "hush-hush" not in f"{token!r} {token} {access!r} {vars(access)}"


def test_token_and_certificate_are_read_again_and_only_if_they_make_sense(
    start: Start, tmp_path: Path
) -> None:
    token = write_token(tmp_path / "token", "old")
    pair = make_certificate(tmp_path, "old")
    server = start(token, pair)
    assert ask(server, pair, "old") == 200
    (tmp_path / "token").write_text("")
    with pytest.raises(MisuseError):
        server.reload()
    assert ask(server, pair, "old") == 200
    write_token(tmp_path / "token", "new")
    new = make_certificate(tmp_path, "new")
    new.certificate.replace(pair.certificate)
    new.key.replace(pair.key)
    server.reload()
    assert ask(server, pair, "new") == 200
    assert ask(server, pair, "old") == 401
    pair.key.write_text("garbage")
    with pytest.raises(MisuseError, match="tls-cert"):
        server.reload()
    assert ask(server, pair, "new") == 200


def ask(server: Server, pair: Certificate, secret: str) -> int:
    context = ssl.create_default_context(cafile=str(pair.certificate))
    headers = {"Authorization": f"Bearer {secret}"}
    return get(server.url, verify=context, headers=headers).status_code


def test_tls_is_spoken_and_nothing_else(start: Start, certificate: Certificate) -> None:
    server = start(certificate=certificate)
    assert server.url.startswith("https://127.0.0.1:")
    with pytest.raises(httpx.ConnectError):
        get(server.url)  # nobody whom we trust signed it
    with pytest.raises(httpx.HTTPError):
        get(server.url.replace("https", "http"))
    context = ssl.create_default_context(cafile=str(certificate.certificate))
    assert get(server.url, verify=context).text == "open False\n"


def test_whoever_dawdles_over_a_handshake_keeps_nobody_waiting(
    start: Start, certificate: Certificate
) -> None:
    server = start(certificate=certificate)
    context = ssl.create_default_context(cafile=str(certificate.certificate))
    with connect(server):
        assert get(server.url, verify=context).status_code == 200


def test_certificates_that_do_not_fit_are_misuse(tmp_path: Path, certificate: Certificate) -> None:
    other = make_certificate(tmp_path, "other")
    for pair in (
        Certificate(certificate.certificate, other.key),
        Certificate(tmp_path / "none", other.key),
        Certificate(other.key, other.key),
    ):
        with pytest.raises(MisuseError, match="tls-cert"):
            pair.context()


def test_connections_beyond_a_number_are_closed_at_once_and_places_become_free(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 3)
    server = start()
    held = [connect(server) for _ in range(3)]
    wait(lambda: len(server._open) == 3, "three to be listened to")
    with connect(server) as late:
        assert late.recv(1) == b""
    held.pop().close()
    wait(lambda: len(server._open) == 2, "one to be gone")
    assert get(server.url).status_code == 200
    for each in held:
        each.close()


def test_a_connection_that_lasts_too_long_is_cut(start: Start) -> None:
    server = start()
    with connect(server) as slow:
        slow.sendall(b"GET /metrics HT")
        wait(lambda: server._open, "it to be listened to")
        (listened,) = server._open
        server._open[listened] -= module.SECONDS + 1
        assert slow.recv(100) == b""
    assert get(server.url).status_code == 200


@pytest.mark.parametrize(
    "request_",
    [
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /metrics HTTP/9.9\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\n" + b"a: b\r\n" * 1000 + b"\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"\xff" * 1000 + b"\r\n\r\n",
    ],
)
def test_garbage_is_refused_and_the_next_is_answered(
    start: Start, request_: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    server = start()
    with connect(server) as client:
        received = b""
        try:
            client.sendall(request_)
            client.shutdown(socket.SHUT_WR)
            while part := client.recv(4096):
                received += part
        except OSError as error:  # it hung up before all was sent, or read
            assert error.errno in (errno.ECONNRESET, errno.ENOTCONN, errno.EPIPE)
    assert b"open" not in received
    assert get(server.url).status_code == 200
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("listen", "loopback"),
    [
        ("127.0.0.1:1", True),
        ("127.8.8.8:1", True),
        ("[::1]:1", True),
        ("localhost:1", True),
        ("0.0.0.0:1", False),
        ("[::]:1", False),
        ("10.0.0.1:1", False),
    ],
)
def test_other_machines_need_a_token_unless_insecure_is_said(
    listen: str, tmp_path: Path, *, loopback: bool
) -> None:
    address = parse_address(listen)
    assert address.is_loopback is loopback
    ServerAccess(address).check(insecure=True)
    ServerAccess(address, write_token(tmp_path / "token", "x")).check(insecure=False)
    if loopback:
        ServerAccess(address).check(insecure=False)
    else:
        with pytest.raises(MisuseError, match="--insecure"):
            ServerAccess(address).check(insecure=False)


def test_a_taken_address_is_said(start: Start) -> None:
    taken = start().server_port
    with pytest.raises(ProbeError, match="cannot listen: Address already in use"):
        Server(ServerAccess(parse_address(f"127.0.0.1:{taken}")), str)


def test_six_addresses_are_listened_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE", 0.01)
    try:
        server = Server(ServerAccess(parse_address("[::1]:0")), lambda _: "six\n")
    except ProbeError as error:
        pytest.skip(f"this machine has no IPv6: {error}")
    with server:
        server.start()
        assert server.url.startswith("http://[::1]:")
        assert get(server.url).text == "six\n"
        server.shutdown()


@given(
    st.text(max_size=40) | st.from_regex(r"(text/plain|application/openmetrics-text)(;q=.{0,4})?")
)
def test_whatever_is_accepted_is_understood_or_plain_text(accept: str) -> None:
    assert wants_openmetrics(accept) in (True, False)


@pytest.mark.parametrize(
    ("offered", "taken"),
    [("gzip", True), ("br, gzip;q=0.5", True), ("gzip;q=0", False), ("gzip;q=0.000", False),
     ("", False), ("identity", False), ("gzip ; q=x", False)],
)  # fmt: skip
def test_packing_is_negotiated(offered: str, taken: bool) -> None:  # noqa: FBT001  # from the table
    assert takes_gzip(offered) is taken


class Reader:
    """Counts readings, and may be held up in one."""

    def __init__(self) -> None:
        self.count = 0
        self.gate = Event()
        self.gate.set()

    def read(self) -> Snapshot:
        self.count += 1
        self.gate.wait()
        return Snapshot(Values({("scrooge_probe_reads_total", ""): float(self.count)}))


def test_many_scrapers_at_once_share_one_reading() -> None:
    reader = Reader()
    latest = Latest(reader.read, fresh=10.0, clock=lambda: 0.0)
    reader.gate.clear()
    together = Barrier(9)
    seen: list[Snapshot] = []

    def scrape() -> None:
        together.wait()
        seen.append(latest.get())

    threads = [Thread(target=scrape) for _ in range(8)]
    for thread in threads:
        thread.start()
    together.wait()
    reader.gate.set()
    for thread in threads:
        thread.join()
    assert reader.count == 1
    assert len({id(snapshot) for snapshot in seen}) == 1


def test_a_reading_is_used_until_it_is_too_old() -> None:
    reader = Reader()
    now = [0.0]
    latest = Latest(reader.read, fresh=2.5, clock=lambda: now[0])
    for moment, readings in ((0.0, 1), (2.4, 1), (2.5, 2), (4.9, 2), (5.0, 3)):
        now[0] = moment
        latest.get()
        assert reader.count == readings
    latest.renew()
    assert reader.count == 4
