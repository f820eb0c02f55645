"""Secrets of the service are nowhere but in their files: not in what it says, keeps or answers."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from collect.exporters import Exporters
from commands import scroogevm
from servers import wait
from service.serving import TOKEN, Serving, exporting

READER = "reader-token-that-nobody-may-see"
SIGNING = "signing-secret-that-nobody-may-see"
PASSWORD = "target-password-that-nobody-may-see"  # noqa: S105  # lets in nobody
WRONG = "wrong-token-that-somebody-typed"
SECRETS = (TOKEN, READER, SIGNING, PASSWORD, WRONG)
PATHS = (
    "", "assets/app.js", "api/v1/nodes", "api/v1/nodes/n1", "api/v1/nodes/n1/explain",
    "api/v1/status", "api/v1/fleet", "api/v1/health", "api/v1/ledger", "api/v1/openapi.json",
    "metrics", "health/ready", "api/v1/nope", "api/v1/nodes?limit=x", "api/v1/placement",
)  # fmt: skip


@pytest.fixture
def exporters() -> Iterator[Exporters]:
    with exporting() as server:
        yield server


def test_secrets_appear_nowhere(tmp_path: Path, exporters: Exporters) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "tokens").write_text(f"admin ann {TOKEN}\nreader bob {READER}\n")
    (secrets / "signing").write_text(SIGNING)
    (secrets / "password").write_text(PASSWORD)
    config = tmp_path / "scroogevm.toml"
    config.write_text(
        "[[collect.targets]]\n"
        f'node = "n3"\nurl = "{exporters.url("/n1")}"\nuser = "ann"\n'
        f'password-file = "{secrets / "password"}"\n'
    )
    words = (
        "--tokens", secrets / "tokens", "--webhook", exporters.url("/nowhere"),
        "--webhook-secret", secrets / "signing",
    )  # fmt: skip
    with Serving(tmp_path, exporters, *words, before=("--config", config), tokens=False) as service:
        wait(lambda: service.state("n3") == "ok", "an offer")
        service.hears("webhook")
        answers = []
        for token in (TOKEN, READER, WRONG):
            headers = {"Authorization": f"Bearer {token}"}
            answers += [httpx.get(service.url + path, headers=headers) for path in PATHS]
            held = f"{service.url}api/v1/nodes/n1/hold"
            answers.append(httpx.post(held, json={"note": "why"}, headers=headers))
        shown = scroogevm("--config", config, "config", "show", cwd=tmp_path)
        assert shown.returncode == 0
        assert service.stop() == 0
        said = "\n".join(service.said)
    texts = {"what it said": said.encode(), "config show": (shown.stdout + shown.stderr).encode()}
    for answer in answers:
        texts[str(answer.url)] = answer.content + repr(answer.headers).encode()
    files = (tmp_path / "scroogevm-data").rglob("*")
    texts |= {str(file): file.read_bytes() for file in files if file.is_file()}
    assert any(name.endswith("journal.sqlite") for name in texts)
    found = {
        (name, secret)
        for name, text in texts.items()
        for secret in SECRETS
        if secret.encode() in text
    }
    assert found == set()
