"""Reads secrets from files. No error shows what a file holds."""

from pathlib import Path

from scroogevm.errors import MisuseError
from scroogevm.text import counted, plain

LARGEST = 1 << 20
"""Bytes of a file with secrets that are read at most."""


def read_secret(path: Path | str, *, token: bool = False, where: str = "") -> str:
    """The one line that a file holds, without white space around it.

    Args:
        path: the file.
        token: whether a header carries it as it is, so that it is one word of ASCII.
        where: what to call the file in messages; its path without that.

    Raises:
        MisuseError: it cannot be read, or holds no such line.
    """
    text = read_secrets(path, where=where).strip()
    where = where or str(path)
    if not text:
        raise MisuseError(
            "is empty", where=where, remedy="write the secret into it as the only line"
        )
    if (lines := len(text.splitlines())) > 1:
        raise MisuseError(
            f"has {counted(lines, 'line')}, a secret is one",
            where=where,
            remedy="write the secret into it as the only line",
        )
    if not text.isprintable():
        raise MisuseError("holds a secret with a control character", where=where)
    if token and not (text.isascii() and " " not in text):
        raise MisuseError(
            "holds a secret that is no token",
            where=where,
            remedy="a token is one word of ASCII letters, digits and signs",
        )
    return text


def read_secrets(path: Path | str, *, where: str = "") -> str:
    """The text of a file of secrets.

    Args:
        path: the file.
        where: what to call the file in messages; its path without that.

    Raises:
        MisuseError: it cannot be read.
    """
    where = where or str(path)
    try:
        with Path(path).open("rb") as file:
            content = file.read(LARGEST + 1)
        text = content.decode("utf-8")
    except OSError as error:
        raise MisuseError(f"the secret cannot be read: {plain(error)}", where=where) from None
    except UnicodeDecodeError:
        raise MisuseError("the secret cannot be read: it is not text", where=where) from None
    if len(content) > LARGEST:
        raise MisuseError(
            f"the secret cannot be read: the file is larger than {LARGEST} bytes", where=where
        )
    return text
