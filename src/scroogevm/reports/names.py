"""Makes names of a trace safe as file names."""

import re
from hashlib import sha256

_UNSAFE = re.compile(r"[^A-Za-z0-9_=.-]+")
_LONGEST = 80


def file_name(name: str) -> str:
    """The name itself where it is harmless, else a readable form of it that no other name has.

    >>> file_name("node-01")
    'node-01'
    >>> file_name("n-sigma(n=3)")
    'n-sigma_n=3-41c79d'
    >>> file_name("../../etc")
    'etc-74ccf3'
    """
    safe = _UNSAFE.sub("_", name)[:_LONGEST].strip("._-")
    if safe == name:
        return name
    mark = sha256(name.encode(errors="surrogatepass")).hexdigest()[:6]
    return f"{safe}-{mark}" if safe else mark


def printable(name: str) -> str:
    """The name with everything that has no picture replaced.

    >>> printable(f"a{chr(0)}b")
    'a?b'
    """
    return "".join(letter if letter.isprintable() else "?" for letter in name)


def cut(name: str, length: int) -> str:
    """The name, its end left out where it is longer.

    >>> cut("percentile:cpu.p=95", 12)
    'percentile:…'
    """
    return name if len(name) <= length else f"{name[: length - 1]}…"
