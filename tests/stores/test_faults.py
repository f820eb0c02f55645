"""What goes wrong between us and a store that is a server: each is a clear error, and bounded."""

import gzip
import pickle
import threading
from collections.abc import Callable, Iterator
from itertools import repeat
from pathlib import Path

import numpy as np
import pytest

from scroogevm.core.samples import Sample
from scroogevm.errors import MisuseError, StoreError
from scroogevm.ports import Store
from scroogevm.stores import open_store
from scroogevm.stores._server import http
from scroogevm.stores._server.base import ServerStore
from scroogevm.stores.influxdb import InfluxDB
from scroogevm.stores.prometheus import Prometheus
from scroogevm.stores.victoriametrics import VictoriaMetrics
from stores.canned import Asked, Said, canned

T = 1_700_000_000.0
PING = Said(204, headers={"X-Influxdb-Version": "1.6.7"})
KINDS: dict[str, Callable[..., ServerStore]] = {
    "influxdb": lambda url, **more: InfluxDB(f"{url}/db", **more),
    "prometheus": Prometheus,
    "victoriametrics": VictoriaMetrics,
}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "sleep", lambda _: None)


@pytest.fixture(params=sorted(KINDS))
def kind(request: pytest.FixtureRequest) -> Callable[..., ServerStore]:
    return KINDS[request.param]


def after_ping(said: Callable[[], Said]) -> Callable[[Asked], Said]:
    return lambda asked: PING if asked.path == "/ping" else said()


def fail(kind: Callable[..., Store], said: Callable[[], Said], **more: object) -> StoreError:
    with canned(after_ping(said)) as server, kind(server.url, **more) as store:
        with pytest.raises(StoreError) as caught:
            store.read(["n1"], T, T + 60)
        error = caught.value
    assert server.url in str(error)
    assert "2023-11-14T22:13:20Z" in str(error)
    assert "\n" not in str(error)
    assert len(str(error)) < 500
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own
    assert (str(again), again.temporary) == (str(error), error.temporary)
    return error


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_a_server_in_trouble_is_asked_again_and_then_named(
    kind: Callable[..., Store], status: int
) -> None:
    page = b"<!DOCTYPE html><html><body>" + b"oh no " * 999
    with canned(after_ping(lambda: Said(status, page))) as server, kind(server.url) as store:
        with pytest.raises(StoreError, match=f"answers {status}: a web page") as caught:
            store.read(["n1"], T, T + 60)
        assert sum(asked.path != "/ping" for asked in server.asked) == 4
    assert caught.value.temporary


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>login</html>",
        b"\xff\xfe\x00garbage",
        b"[" * 100_000,
        b"[]",
        b"null",
        b'{"status":"success"}',
        b'{"status":"success","data":{"result":"x"}}',
        b'{"status":"success","data":["n1:9100", 7, {}], "results": 5}',
        b'{"results":[{"series":[{"name":"other","columns":["time"],"values":[[1]]}]}]}',
        b'{"results":[{"series":[{"name":"node","columns":["time","x"],"values":[["a"]]}]}]}',
        b'{"data":{"result":[{"metric":{"__name__":"x"},"values":[[1]]}]}}',
        b'{"data":{"result":[{"metric":[],"values":[[1,"2"]]}]}}',
        b'{"data":{"result":[{"metric":{},"values":[[1,"two"]]}]}}',
        b'{"metric":{},"values":[1],"timestamps":[1,2]}',
        b'{"metric":{},"values":[1],"timestamps":["x"]}',
    ],
)
def test_garbage_is_an_error_or_nothing_but_never_a_number(
    kind: Callable[..., Store], body: bytes
) -> None:
    with canned(after_ping(lambda: Said(200, body))) as server, kind(server.url) as store:
        try:
            found = store.read(["n1"], T, T + 60)
        except StoreError as error:
            assert server.url in str(error)
            assert not error.temporary
        else:
            assert len(found.nodes) == len(found.vms) == 0


def test_a_page_to_log_in_is_called_so(kind: Callable[..., Store]) -> None:
    page = b"\n<!DOCTYPE html><html><body>Sign in</body></html>"
    error = fail(kind, lambda: Said(200, page, {"Content-Type": "text/html"}))
    assert "a web page, perhaps of a login or a proxy" in str(error)


def test_an_answer_that_ends_early_is_asked_for_again(kind: Callable[..., Store]) -> None:
    cut = Said(200, b'{"data":', {"Content-Length": "100"})
    with canned(after_ping(lambda: cut)) as server, kind(server.url) as store:
        with pytest.raises(StoreError, match="cannot be reached") as caught:
            store.read(["n1"], T, T + 60)
        assert sum(asked.path != "/ping" for asked in server.asked) == 4
    assert caught.value.temporary


def test_a_redirect_is_not_followed_and_says_where_it_leads(kind: Callable[..., Store]) -> None:
    away = {"Location": "http://elsewhere.example/login?next=1"}
    error = fail(kind, lambda: Said(302, headers=away))
    assert "redirects to 'http://elsewhere.example/login?next=1'" in str(error)


def test_a_redirect_to_itself_ends_at_once(kind: Callable[..., Store]) -> None:
    said = Said(307, headers={"Location": "/"})
    with canned(after_ping(lambda: said)) as server, kind(server.url) as store:
        with pytest.raises(StoreError, match="redirects to"):
            store.read(["n1"], T, T + 60)
        assert sum(asked.path != "/ping" for asked in server.asked) == 1


def test_a_body_without_end_is_cut(
    kind: Callable[..., Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "LONGEST_LINE", 1 << 20)
    monkeypatch.setattr(http, "LARGEST", 4 << 20)
    error = fail(kind, lambda: Said(200, repeat(b"x" * 65536)))
    assert "more than" in str(error) or "too long" in str(error)
    error = fail(kind, lambda: Said(200, repeat(b"{}\n" * 20000)))
    assert "more than" in str(error) or "does not answer like" in str(error)


def test_a_bomb_is_not_unpacked(kind: Callable[..., Store]) -> None:
    bomb = gzip.compress(b"0" * (1 << 24))
    error = fail(kind, lambda: Said(200, bomb, {"Content-Encoding": "gzip"}))
    assert "compressed" in str(error)


def test_an_error_page_without_end_is_cut(kind: Callable[..., Store]) -> None:
    assert "answers 404" in str(fail(kind, lambda: Said(404, repeat(b"nothing here\n" * 999))))


def test_a_server_that_says_nothing_is_left(kind: Callable[..., Store]) -> None:
    released = threading.Event()

    def never() -> Said:
        released.wait(60)
        return Said()

    try:
        error = fail(kind, never, timeout=0.1)
    finally:
        released.set()
    assert "does not answer within 0.1 s" in str(error)
    assert error.temporary


def test_a_server_that_drips_is_left(kind: Callable[..., Store]) -> None:
    released = threading.Event()

    def drip() -> Iterator[bytes]:
        for _ in range(2000):
            released.wait(0.02)
            yield b" "

    try:
        error = fail(kind, lambda: Said(200, drip()), timeout=0.1)
    finally:
        released.set()
    assert "does not answer within 0.1 s" in str(error)


def test_nobody_there_is_said_and_may_pass(kind: Callable[..., Store]) -> None:
    with canned(lambda _: Said()) as server:
        pass
    with kind(server.url) as store, pytest.raises(StoreError, match="cannot be reached") as caught:
        store.nodes(T, T + 60)
    assert caught.value.temporary
    assert "Errno" not in str(caught.value)


def test_a_secret_that_a_server_repeats_is_not_shown(
    kind: Callable[..., Store], tmp_path: Path
) -> None:
    secret = tmp_path / "token"
    secret.write_text("hunter2hunter2\n")

    def echo(asked: Asked) -> Said:
        return PING if asked.path == "/ping" else Said(401, asked.headers["Authorization"].encode())

    with canned(echo) as server, kind(server.url, token_file=str(secret)) as store:
        with pytest.raises(StoreError, match="does not accept the credentials") as caught:
            store.read(["n1"], T, T + 60)
        assert "hunter2hunter2" in server.asked[-1].headers["Authorization"]
        assert "hunter2" not in repr(store)
    assert "hunter2" not in str(caught.value)
    assert not caught.value.temporary


def test_credentials_and_headers_reach_the_server(
    kind: Callable[..., Store], tmp_path: Path
) -> None:
    password = tmp_path / "password"
    password.write_text("open sesame")
    more = {"user": "me", "password_file": str(password), "headers": "X-Scope-OrgID: a; X-B: c"}
    with canned(after_ping(lambda: Said(418))) as server, kind(server.url, **more) as store:
        with pytest.raises(StoreError, match="answers 418"):
            store.read(["n1"], T, T + 60)
        headers = server.asked[-1].headers
    assert headers["Authorization"] == "Basic bWU6b3BlbiBzZXNhbWU="
    assert (headers["X-Scope-OrgID"], headers["X-B"]) == ("a", "c")
    assert headers["Accept-Encoding"] == "identity"


def test_a_location_without_its_kind_is_shown_without_its_secret() -> None:
    with pytest.raises(MisuseError, match="prometheus:http://h:9090") as caught:
        open_store("http://me:hunter2@h:9090")
    assert "hunter2" not in str(caught.value)


def test_headers_that_are_secret_come_from_a_file_and_are_not_shown(
    kind: Callable[..., Store], tmp_path: Path
) -> None:
    file = tmp_path / "headers"
    file.write_text("X-Api-Key: hunter2\n\nX-Other: b\n")

    def echo(asked: Asked) -> Said:
        if asked.path == "/ping":
            return PING
        return Said(403, f"{asked.headers['X-Api-Key']} {asked.headers['X-Other']}".encode())

    with canned(echo) as server, kind(server.url, headers_file=str(file)) as store:
        with pytest.raises(StoreError, match=r"answers 403: \*\*\*") as caught:
            store.read(["n1"], T, T + 60)
        assert "hunter2" not in repr(store) + str(caught.value)
        assert b"hunter2" not in pickle.dumps(store)


@pytest.mark.parametrize(
    "wrong",
    [
        {"headers": "X-Api-Key: hunter2"},
        {"headers": "Authorization: Bearer hunter2"},
        {"location": "http://h:9090/?token=hunter2"},
        {"location": "http://hunter2@h:9090"},
        {"write_location": "http://u:hunter2@h:9090"},
        {"write_location": "http://h:9090?p=hunter2"},
    ],
)
def test_a_secret_in_the_wrong_place_is_refused_and_not_shown(wrong: dict[str, str]) -> None:
    with pytest.raises(MisuseError, match=r"_file") as caught:
        VictoriaMetrics(**{"location": "http://h:8428", **wrong})  # type: ignore[arg-type]
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("content", [None, "", "\n", "two\nlines", "caf\u00e9"])
def test_a_secret_that_cannot_be_sent_is_named_by_its_file(
    tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "token"
    if content is not None:
        path.write_text(content)
    with (
        Prometheus("http://127.0.0.1:9", token_file=str(path)) as store,
        pytest.raises(MisuseError, match="secret") as caught,
    ):
        store.nodes(T, T + 1)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("status", [401, 403, 404, 500, 503])
@pytest.mark.parametrize("name", ["influxdb", "victoriametrics"])
def test_samples_are_not_refused_for_good_by_what_is_wrong_with_the_server(
    name: str, status: int
) -> None:
    with (
        canned(after_ping(lambda: Said(status))) as server,
        KINDS[name](server.url) as store,
        pytest.raises(StoreError) as caught,
    ):
        store.write([Sample("n1", T, {"cpu": 1.0})])
    assert caught.value.temporary


@pytest.mark.parametrize("name", ["influxdb", "victoriametrics"])
def test_a_proxy_that_takes_little_at_once_gets_it_in_pieces(name: str) -> None:
    kept: list[bytes] = []

    def answer(asked: Asked) -> Said:
        if asked.path == "/ping":
            return PING
        if len(asked.body) > 999:
            return Said(413)
        kept.extend(asked.body.split(b"\n"))
        return Said(204)

    samples = [Sample(f"n{number}", T, {"cpu": 1.0}) for number in range(99)]
    with canned(answer) as server, KINDS[name](server.url) as store:
        store.write(samples)
    assert len({line for line in kept if b"cpu" in line}) == len(samples)
    assert len(kept) == len(set(kept))


@pytest.mark.parametrize("name", ["influxdb", "victoriametrics"])
def test_one_line_that_is_too_large_is_refused_for_good(name: str) -> None:
    with (
        canned(after_ping(lambda: Said(413))) as server,
        KINDS[name](server.url) as store,
        pytest.raises(StoreError, match="413") as caught,
    ):
        store.write([Sample("n1", T, {"cpu": 1.0}), Sample("n2", T, {"cpu": 1.0})])
    assert not caught.value.temporary


@pytest.mark.parametrize("kind_", [Prometheus, VictoriaMetrics])
def test_an_answer_that_is_only_a_part_is_no_answer(kind_: Callable[..., Store]) -> None:
    body = b'{"status":"success","data":["n1:9100"],"warnings":["store gateway 3 is gone"]}'
    with (
        canned(lambda asked: Said(200, b"" if "export" in asked.path else body)) as server,
        kind_(server.url) as store,
        pytest.raises(
            StoreError, match=r"only a part of the answer: store gateway 3 is gone.*partial=yes"
        ) as caught,
    ):
        store.read(["n1"], T, T + 60)
    assert caught.value.temporary


@pytest.mark.parametrize("kind_", [Prometheus, VictoriaMetrics])
def test_a_part_is_taken_when_it_is_asked_for(kind_: Callable[..., Store]) -> None:
    names = b'{"data":["n1:9100"],"warnings":["store gateway 3 is gone"]}'
    labels = b'"metric":{"__name__":"node_memory_MemTotal_bytes","instance":"n1:9100"}'
    matrix = (
        b'{"isPartial":true,"data":{"result":[{%s,"values":[[1700000001,"1048576"]]}]}}' % labels
    )
    line = b'{%s,"values":[1048576],"timestamps":[1700000001000]}' % labels

    def answer(asked: Asked) -> Said:
        if "values" in asked.path:
            return Said(200, b'{"data":[]}' if "/node/" in asked.path else names)
        if "export" not in asked.path:
            return Said(200, matrix)
        return Said(200, line if "MemTotal" in asked.params["match[]"] else b"")

    with canned(answer) as server, kind_(server.url, partial=True) as store:
        assert store.read(["n1"], T, T + 60, ["mem"]).nodes.values["mem"].tolist() == [1.0]


def test_a_path_before_the_api_is_kept() -> None:
    with canned(lambda _: Said(200, b'{"data":[]}')) as server:
        with Prometheus(f"{server.url}/select/0/prometheus/") as store:
            store.read(["n1"], T, T + 60)
        sink = f"{server.url}/insert/0/prometheus"
        with VictoriaMetrics(f"{server.url}/select/0/prometheus", write_location=sink) as store:
            store.write([Sample("n1", T, {"cpu": np.nan})])
        paths = [asked.path for asked in server.asked]
    assert paths == [
        "/select/0/prometheus/api/v1/label/instance/values",
        "/insert/0/prometheus/api/v1/import",
    ]
