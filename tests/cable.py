"""A cable between a client and a server, that can be cut."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Literal, Self

Way = Literal["pass", "cut", "swallow", "deafen"]


class Cable:
    """Forwards bytes on loopback; in a ``with`` it is there.

    Attributes:
        way: ``pass``; ``cut``: every connection ends; ``swallow``: a PUT never arrives, and the
            connection stays open; ``deafen``: a PUT arrives, and its answer does not.
        caught: is set when a PUT was kept, or its answer.
        puts: how many PUTs came.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self.way: Way = "pass"
        self.caught = threading.Event()
        self.puts = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    @property
    def url(self) -> str:
        """Where it begins."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def cut(self) -> None:
        """End every connection, and refuse further ones until ``mend``."""
        self.way = "cut"
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Let bytes pass again."""
        self.cut()
        self.way = "pass"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self.cut()
        for thread in self._threads:
            thread.join()
        for one in (self._listener, *self._open):
            one.close()

    def _start(self, what: Callable[..., None], *words: object) -> None:
        thread = threading.Thread(target=what, args=words, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:  # it was shut down
                return
            self._open.append(near)
            if self.way == "cut":
                near.shutdown(socket.SHUT_RDWR)
                continue
            far = socket.create_connection(("127.0.0.1", self._port))
            self._open.append(far)
            self._start(self._forth, near, far)

    def _forth(self, near: socket.socket, far: socket.socket) -> None:
        deaf = threading.Event()
        self._start(self._back, far, near, deaf)
        with suppress(OSError):
            while data := near.recv(1 << 16):
                self.puts += data.startswith(b"PUT ")
                if data.startswith(b"PUT ") and self.way == "deafen":
                    deaf.set()
                if data.startswith(b"PUT ") and self.way == "swallow":
                    self.caught.set()
                    while near.recv(1 << 16):  # until somebody ends it
                        pass
                    return
                far.sendall(data)
            far.shutdown(socket.SHUT_WR)

    def _back(self, far: socket.socket, near: socket.socket, deaf: threading.Event) -> None:
        with suppress(OSError):
            while data := far.recv(1 << 16):
                if deaf.is_set():
                    self.caught.set()
                    continue
                near.sendall(data)
            near.shutdown(socket.SHUT_RDWR)
