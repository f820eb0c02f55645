"""Formats counts and errors as words."""

import re


def counted(number: int, noun: str) -> str:
    """A number and its noun, in the plural unless the number is one.

    >>> counted(1, "node"), counted(0, "VM"), counted(1200, "node")
    ('1 node', '0 VMs', '1,200 nodes')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def plain(error: BaseException) -> str:
    r"""The message of an error, on one line and without the error number of the system.

    >>> plain(OSError(-2, "Name or service not known")), plain(ValueError("[Errno 5] bad\nmore"))
    ('Name or service not known', 'bad')
    """
    said = getattr(error, "strerror", None) or str(error).strip() or type(error).__name__
    return re.sub(r"\[errno -?\d+\]\s*", "", str(said), flags=re.IGNORECASE).splitlines()[0]
