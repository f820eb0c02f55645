"""Whatever an exporter answers, asking it takes no more than allowed and says what was wrong."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from collect.exporters import MIB, Exporters
from scroogevm.collect.failure import ScrapeFailedError
from scroogevm.collect.fetch import FEW, Fetcher
from scroogevm.collect.target import Target, Trust
from scroogevm.errors import MisuseError

LIMIT = 2 * MIB


@pytest.fixture(scope="module")
def exporters() -> Iterator[Exporters]:
    with Exporters() as running:
        yield running


def fetch(target: Target, seconds: float = 5.0) -> bytes:
    async def once() -> bytes:
        few = asyncio.Semaphore(FEW)
        async with (
            Fetcher(target, target.trust.context(), LIMIT, few) as fetcher,
            AsyncExitStack() as held,
        ):
            return await fetcher.fetch(seconds, held)

    return asyncio.run(once())


def failure(target: Target, seconds: float = 5.0) -> ScrapeFailedError:
    with pytest.raises(ScrapeFailedError) as caught:
        fetch(target, seconds)
    return caught.value


@pytest.mark.parametrize("page", ["/good", "/packed", "/moved", "/cookies", "/ahead", "/too-long"])
def test_answers_are_taken_whole_and_unpacked(exporters: Exporters, page: str) -> None:
    body = fetch(Target(exporters.url(page)))
    assert body.startswith(b"# TYPE scrooge_node_cpus gauge\n")
    assert body.endswith(b"\n")
    assert b"bogus" not in body


@pytest.mark.parametrize(
    ("page", "reason", "words"),
    [
        ("/500", "status", "answers 500"),
        ("/404", "status", "answers 404"),
        ("/204", "status", "answers 204"),
        ("/guarded", "credentials", "refuses access: 401"),
        ("/loop", "redirect", "more than 2 times"),
        ("/elsewhere", "redirect", "redirects to http://127.0.0.2:9"),
        ("/nowhere", "redirect", "redirects to"),
        ("/zeros", "size", "answers more than 2 MiB"),
        ("/announced", "size", "answers more than 2 MiB"),
        ("/lines", "size", "answers more than 2 MiB"),
        ("/bomb", "size", "answers more than 2 MiB"),
        ("/bomb-of-lines", "size", "answers more than 2 MiB"),
        ("/cut-gzip", "protocol", "is incomplete"),
        ("/brotli", "protocol", "uses an encoding that was not requested: br"),
        ("/too-short", "protocol", "valid HTTP"),
        ("/ssh", "protocol", "valid HTTP"),
        ("/closing", "protocol", "valid HTTP"),
    ],
)
def test_each_fault_has_its_reason(
    exporters: Exporters, page: str, reason: str, words: str
) -> None:
    found = failure(Target(exporters.url(page)))
    assert found.reason == reason
    assert words in str(found)
    assert len(str(found).splitlines()) == 1


@pytest.mark.parametrize("page", ["/hanging", "/half-head", "/dripping"])
def test_a_scrape_ends_in_time_however_lively_it_is(exporters: Exporters, page: str) -> None:
    assert failure(Target(exporters.url(page)), 0.3).reason == "timeout"


def test_nobody_who_listens_and_no_such_name() -> None:
    assert str(failure(Target("http://127.0.0.1:1/metrics"))) == "connection refused"
    found = failure(Target("http://no-such-host.invalid/metrics"))
    assert found.reason in ("name", "timeout")


@pytest.mark.parametrize("page", ["/cookies", "/forgetful"])
def test_nothing_is_remembered_but_a_connection_that_may_be_closed(
    exporters: Exporters, page: str
) -> None:
    async def thrice() -> None:
        few = asyncio.Semaphore(FEW)
        async with (
            Fetcher(Target(exporters.url(page)), Trust().context(), LIMIT, few) as fetcher,
            AsyncExitStack() as held,
        ):
            for _ in range(3):
                assert await fetcher.fetch(5, held)

    asyncio.run(thrice())


def test_credentials_are_sent_and_never_shown(exporters: Exporters) -> None:
    target = Target(exporters.url("/guarded"), authorization="Bearer tok3n")
    assert fetch(target)
    assert "tok3n" not in repr(target)


def test_tls_is_believed_only_from_whom_it_shall_be(pem: Path) -> None:
    with Exporters(pem=pem) as secured:
        assert fetch(Target(secured.url(), trust=Trust.of(ca_file=str(pem))))
        found = failure(Target(secured.url()))
        assert found.reason == "tls"
        assert "not trusted: self-signed certificate" in str(found)
        plain = secured.url().replace("https:", "http:")
        assert failure(Target(plain)).reason in ("protocol", "connection")


def test_https_where_there_is_none(exporters: Exporters) -> None:
    assert failure(Target(exporters.url().replace("http:", "https:"))).reason == "tls"


def test_files_for_tls_that_are_none(tmp_path: Path, pem: Path) -> None:
    with pytest.raises(MisuseError, match="cannot be read: No such file"):
        Trust.of(ca_file=str(tmp_path / "none"))
    nonsense = tmp_path / "nonsense"
    nonsense.write_text("nothing")
    for trust in (Trust(ca_file=str(nonsense)), Trust(cert_file=str(nonsense))):
        with pytest.raises(MisuseError, match="cannot be used for TLS"):
            trust.context()
    assert Trust.of(cert_file=str(pem)).context()


def test_files_that_were_renewed_are_another_trust(tmp_path: Path) -> None:
    path = tmp_path / "ca"
    path.write_text("one")
    before = Trust.of(ca_file=str(path))
    assert Trust.of(ca_file=str(path)) == before
    os.utime(path, ns=(1, 1))
    assert Trust.of(ca_file=str(path)) != before
