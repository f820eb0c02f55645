"""Serves API and dashboard from a thread of the service."""

import socket
import threading
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from scroogevm.address import Address, parse_address
from scroogevm.errors import MisuseError, OutputError
from scroogevm.text import plain
from scroogevm.web.access import Access, TokenFile
from scroogevm.web.app import Api
from scroogevm.web.limits import MOST_AT_ONCE, Bounded, PatientProtocol
from scroogevm.web.reader import StatusReader

DEFAULT = "127.0.0.1:8765"


@dataclass(frozen=True)
class WebSettings:
    """Where and to whom API and dashboard are served.

    Attributes:
        listen: ``HOST:PORT``; port 0 for any.
        tokens: file of tokens; None where only this machine can ask.
        certificate: PEM for TLS; None for none.
        key: its key; None if it is in the same file.
        behind_proxy: whether a proxy before us does TLS.
    """

    listen: str = DEFAULT
    tokens: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    behind_proxy: bool = False

    @property
    def address(self) -> Address:
        """Where that is.

        Raises:
            MisuseError: it is no address.
        """
        return parse_address(self.listen)

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can ask."""
        return self.address.is_loopback

    def access(self) -> Access:
        """Who may ask.

        Raises:
            MisuseError: others could ask without TLS or without a token, or a file is missing.
        """
        if not self.is_loopback:
            if self.tokens is None:
                raise MisuseError(
                    "other machines could use it without a token",
                    where=f"--listen {self.listen}",
                    remedy="add --tokens FILE, or listen on 127.0.0.1",
                )
            if self.certificate is None and not self.behind_proxy:
                raise MisuseError(
                    "tokens would be sent over the network in clear text",
                    where=f"--listen {self.listen}",
                    remedy="add --certificate PEM, or --behind-proxy if a proxy does TLS",
                )
        for name, path in (("--certificate", self.certificate), ("--key", self.key)):
            if path is not None and not path.is_file():
                raise MisuseError("is not a file", where=f"{name} {path}")
        tokens = None if self.tokens is None else TokenFile(self.tokens)
        return Access(tokens, loopback=self.is_loopback and not self.behind_proxy)


class WebServer:
    """API and dashboard, served by a thread until closed.

    Args:
        reader: what is known.
        settings: where, and to whom.

    Raises:
        MisuseError: others could ask who must not.
        OutputError: the address cannot be used.

    Attributes:
        address: where it listens, as an address of a page.
    """

    def __init__(self, reader: StatusReader, settings: WebSettings) -> None:
        self._api = Api(reader, settings.access())
        wanted = settings.address
        # Named as TCP, or else asyncio leaves Nagle's algorithm on: 40 ms for each short answer.
        self._socket = socket.socket(wanted.family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((wanted.host, wanted.port))
            self._socket.listen(1024)  # whoever comes before the thread runs waits for it
        except OSError as error:
            self._socket.close()
            raise OutputError(f"cannot listen: {plain(error)}", where=settings.listen) from None
        port = self._socket.getsockname()[1]
        scheme = "http" if settings.certificate is None else "https"
        self.address = f"{scheme}://{wanted._replace(port=port).shown}/"
        config = uvicorn.Config(
            Bounded(self._api.app()),
            http=PatientProtocol,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=settings.behind_proxy,
            limit_concurrency=MOST_AT_ONCE,
            h11_max_incomplete_event_size=16 << 10,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=1,
            ssl_certfile=settings.certificate,
            ssl_keyfile=settings.key,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)
        self._thread.start()

    def beat(self) -> None:
        """Something is new: streams of events go on."""
        self._api.pulse.beat()

    def close(self) -> None:
        """End, after what is being answered."""
        self._server.should_exit = True
        self._thread.join(5.0)
        self._socket.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])
