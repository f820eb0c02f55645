"""A secret is one line of a file, and no error shows it."""

import traceback
from pathlib import Path

import pytest

from scroogevm.errors import MisuseError
from scroogevm.secret import LARGEST, read_secret


@pytest.mark.parametrize("content", ["hush", "hush\n", "  hush \r\n\n"])
def test_white_space_around_a_secret_is_not_part_of_it(tmp_path: Path, content: str) -> None:
    path = tmp_path / "secret"
    path.write_text(content)
    assert read_secret(path) == read_secret(str(path), token=True) == "hush"


def test_a_password_may_have_words_and_other_letters(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("größer als hunter2\n", encoding="utf-8")
    assert read_secret(path) == "größer als hunter2"
    with pytest.raises(MisuseError, match="holds a secret that is no token; a token is one word"):
        read_secret(path, token=True)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "the secret cannot be read: No such file or directory"),
        (b"", "is empty; write the secret into it as the only line"),
        (b" \n\n", "is empty; write the secret into it as the only line"),
        (b"hunter2\nhunter3\n", "has 2 lines, a secret is one; write the secret"),
        (b"hunter2\0", "holds a secret with a control character"),
        (b"hunter2\xff", "the secret cannot be read: it is not text"),
        (b"hunter2" * LARGEST, "the secret cannot be read: the file is larger than"),
    ],
)
def test_what_is_no_secret_is_refused_and_not_shown(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MisuseError) as caught:
        read_secret(path, where="--token-file x")
    assert str(caught.value).startswith(f"--token-file x: {said}")
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))
    with pytest.raises(MisuseError) as caught:
        read_secret(path)
    assert caught.value.where == str(path)


def test_a_folder_in_the_place_of_a_secret_is_told(tmp_path: Path) -> None:
    with pytest.raises(MisuseError, match="the secret cannot be read: Is a directory"):
        read_secret(tmp_path)
