"""Where servers listen, as users write it."""

import pytest

from scroogevm.address import parse_address
from scroogevm.errors import MisuseError


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("127.0.0.1:19177", "127.0.0.1:19177"),
        ("localhost:0", "127.0.0.1:0"),
        ("[::1]:8765", "[::1]:8765"),
        ("0.0.0.0:80", "0.0.0.0:80"),
    ],
)
def test_an_address_is_shown_as_in_a_url(text: str, shown: str) -> None:
    assert parse_address(text).shown == shown


@pytest.mark.parametrize(
    "listen", ["", ":", ":1", "x", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", "no.invalid:1"]
)
def test_what_is_no_address_is_misuse(listen: str) -> None:
    with pytest.raises(MisuseError, match="--listen"):
        parse_address(listen)
