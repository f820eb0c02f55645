"""A real Keystone and a real Placement for tests, as Debian packages them."""

import json
import os
import sqlite3
import subprocess
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import httpx

from servers import Server, require

PASSWORD = "secret"  # noqa: S105  # of a server that lives for one test
REGION = "RegionOne"
_SERVE = (
    "import ctypes, os, socket, sys, waitress; from {module} import {make} as make; "
    "sys.argv[1:] = []; "
    "listener = socket.create_server(('127.0.0.1', {port})); "
    "any(os.fork() == 0 and ctypes.CDLL(None).prctl(1, 15) == 0 for _ in range({more})); "
    "waitress.serve(make(), sockets=[listener], threads=1)"
)
"""One thread: where two write one SQLite file, one is told that it is locked."""


@dataclass
class Keystone(Server):
    """Keystone with user ``admin``; tokens live for ``lifetime`` seconds."""

    program = "/usr/bin/python3"
    ready = "/v3"

    lifetime: int = 3600

    def words(self) -> Sequence[str]:
        config = self.root / "keystone.conf"
        first = not config.exists()
        config.write_text(
            "[DEFAULT]\nlog_dir =\n"
            f"[database]\nconnection = sqlite:///{self.root}/keystone.db\n"
            f"[fernet_tokens]\nkey_repository = {self.root}/fernet\n"
            f"[fernet_receipts]\nkey_repository = {self.root}/fernet\n"
            f"[token]\nprovider = fernet\nexpiration = {self.lifetime}\n"
            "[cache]\nenabled = false\n"
            "[identity]\npassword_hash_rounds = 4\n"  # of bcrypt, the fewest
        )
        if first:
            keys = self.root / "fernet"
            keys.mkdir(mode=0o700)
            for number in range(2):  # the next one, and the one that signs
                (keys / str(number)).write_bytes(urlsafe_b64encode(os.urandom(32)))
            self._manage(config)
        module, make = "keystone.server.wsgi", "initialize_public_application"
        return ["-c", _SERVE.format(module=module, make=make, port=self.port, more=0)]

    @property
    def within(self) -> Sequence[str]:
        return ["env", f"OS_KEYSTONE_CONFIG_FILES={self.root}/keystone.conf"]

    def _manage(self, config: Path) -> None:
        """Make tables and the first user."""
        manage = [require("keystone-manage"), "--config-file", str(config)]
        made = [
            ["db_sync"],
            ["bootstrap", "--bootstrap-password", PASSWORD, "--bootstrap-region-id", REGION],
        ]
        env = {"PATH": "/usr/bin:/bin", "HOME": str(self.root)}
        for words in made:
            subprocess.run([*manage, *words], check=True, capture_output=True, env=env)
        with closing(sqlite3.connect(self.root / "keystone.db")) as database:
            # It reads in one session while another one commits.
            database.execute("PRAGMA journal_mode = WAL")

    def __enter__(self) -> Self:
        super().__enter__()
        self.endpoint("identity", f"{self.url}/v3")
        return self

    def user(self, name: str, role: str) -> None:
        """Make a user of project ``admin`` with a role."""
        with self.signed_in() as api:
            user = {"name": name, "password": PASSWORD, "domain_id": "default"}
            made = api.post("/v3/users", json={"user": user}).raise_for_status()
            found = api.get("/v3/roles", params={"name": role}).json()["roles"]
            if not found:
                found = [api.post("/v3/roles", json={"role": {"name": role}}).json()["role"]]
            (project,) = api.get("/v3/projects", params={"name": "admin"}).json()["projects"]
            path = f"/v3/projects/{project['id']}/users/{made.json()['user']['id']}"
            api.put(f"{path}/roles/{found[0]['id']}").raise_for_status()

    def endpoint(self, kind: str, url: str, region: str = REGION) -> None:
        """Enter a service into the catalogue."""
        with self.signed_in() as api:
            if region != REGION:
                api.post("/v3/regions", json={"region": {"id": region}}).raise_for_status()
            service = {"service": {"type": kind, "name": f"{kind}-{region}"}}
            made = api.post("/v3/services", json=service).raise_for_status()
            row = {
                "service_id": made.json()["service"]["id"],
                "interface": "public",
                "region_id": region,
                "url": url,
            }
            api.post("/v3/endpoints", json={"endpoint": row}).raise_for_status()

    def application(self, user: str) -> Mapping[str, str]:
        """A new application credential of a user, as clouds.yaml has it."""
        with self.signed_in(user) as api:
            headers = {"X-Subject-Token": api.headers["X-Auth-Token"]}
            who = api.get("/v3/auth/tokens", headers=headers).json()["token"]["user"]
            body = {"application_credential": {"name": "scroogevm"}}
            path = f"/v3/users/{who['id']}/application_credentials"
            made = api.post(path, json=body).raise_for_status().json()["application_credential"]
            return {
                "application_credential_id": made["id"],
                "application_credential_secret": made["secret"],
                "auth_url": f"{self.url}/v3",
            }

    @contextmanager
    def signed_in(self, name: str = "admin") -> Iterator[httpx.Client]:
        """Who asks as a user."""
        domain = {"id": "default"}
        user = {"name": name, "domain": domain, "password": PASSWORD}
        auth = {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": {"name": "admin", "domain": domain}},
        }
        answer = httpx.post(f"{self.url}/v3/auth/tokens", json={"auth": auth}, timeout=30)
        token = answer.raise_for_status().headers["X-Subject-Token"]
        headers = {"X-Auth-Token": token}
        with httpx.Client(base_url=self.url, headers=headers, timeout=30) as api:
            yield api


@dataclass
class Placement(Server):
    """Placement; without a Keystone the token ``admin`` may do everything.

    Attributes:
        keystone: who signs users in.
        policy: rules of ``policy.yaml``.
        workers: processes that answer; more than one only while nobody writes.
    """

    program = "/usr/bin/python3"
    ready = "/"

    keystone: Keystone | None = None
    policy: Mapping[str, str] = field(default_factory=dict)
    workers: int = 1

    def words(self) -> Sequence[str]:
        lines = [
            "[placement_database]",
            f"connection = sqlite:///{self.root}/placement.db",
            "sync_on_startup = true",
            "[api]",
            f"auth_strategy = {'noauth2' if self.keystone is None else 'keystone'}",
            "[oslo_policy]",
            f"policy_file = {self.root}/policy.yaml",
        ]
        if self.keystone is not None:
            lines += [
                "[keystone_authtoken]",
                f"www_authenticate_uri = {self.keystone.url}/v3",
                f"auth_url = {self.keystone.url}/v3",
                "auth_type = password",
                "interface = public",
                "user_domain_id = default",
                "project_domain_id = default",
                "project_name = admin",
                "username = admin",
                f"password = {PASSWORD}",
                "token_cache_time = 2",
            ]
        (self.root / "placement.conf").write_text("\n".join(lines))
        (self.root / "policy.yaml").write_text(json.dumps(self.policy))
        require("placement-manage")
        module, make = "placement.wsgi", "init_application"
        return [
            "-c",
            _SERVE.format(module=module, make=make, port=self.port, more=self.workers - 1),
        ]

    @property
    def within(self) -> Sequence[str]:
        return ["env", f"OS_PLACEMENT_CONFIG_DIR={self.root}"]


@dataclass
class Cloud:
    """A Placement with hosts, seen by Nova: what it writes, we did not write.

    Attributes:
        placement: the server.
        token: of an administrator.
    """

    placement: Placement
    token: str = "admin"  # noqa: S105  # of a server that asks for no password
    names: dict[str, str] = field(default_factory=dict)
    consumers: set[str] = field(default_factory=set)
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30))

    def ask(self, method: str, path: str, code: int = 0, **more: Any) -> Any:
        """An answer as JSON; another code than the one expected is a failure."""
        headers = {
            "X-Auth-Token": self.token,
            "OpenStack-API-Version": "placement 1.38",
        }
        answer = self.http.request(method, self.placement.url + path, headers=headers, **more)
        good = answer.status_code == code if code else answer.is_success
        assert good, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def close(self) -> None:
        """Give connections back."""
        self.http.close()

    def host(
        self, name: str, vcpus: int = 64, memory: int = 262_144, parent: str = "", **record: Any
    ) -> str:
        """Make a compute node as Nova makes it; its uuid."""
        body = {"name": name, **({"parent_provider_uuid": self.names[parent]} if parent else {})}
        uuid: str = self.ask("POST", "/resource_providers", json=body)["uuid"]
        self.names[name] = uuid
        inventories = {
            "VCPU": {"total": vcpus, "max_unit": vcpus, "allocation_ratio": 1.0, **record},
            "MEMORY_MB": {"total": memory, "max_unit": memory, "allocation_ratio": 1.0},
        }
        self.inventories(name, {kind: one for kind, one in inventories.items() if one["total"]})
        return uuid

    def inventories(self, name: str, inventories: Mapping[str, Any] | None = None) -> Any:
        """Inventories of a provider, after they were written if they are given."""
        path = f"/resource_providers/{self.names[name]}/inventories"
        if inventories is not None:
            generation = self.ask("GET", path)["resource_provider_generation"]
            body = {"resource_provider_generation": generation, "inventories": inventories}
            self.ask("PUT", path, json=body)
        return self.ask("GET", path)["inventories"]

    def change(self, name: str, kind: str, **fields: Any) -> None:
        """Change fields of an inventory."""
        found = self.inventories(name)
        self.inventories(name, {**found, kind: {**found.get(kind, {}), **fields}})

    def ratio(self, name: str, kind: str = "VCPU") -> float:
        """The allocation ratio."""
        return float(self.inventories(name)[kind]["allocation_ratio"])

    def place(self, name: str, vcpus: int, memory: int = 1024, code: int = 204) -> str:
        """Allocate a VM; its consumer."""
        consumer = str(uuid4())
        resources = {"VCPU": vcpus, "MEMORY_MB": memory}
        body = {
            "allocations": {self.names[name]: {"resources": resources}},
            "project_id": "p",
            "user_id": "u",
            "consumer_generation": None,
            "consumer_type": "INSTANCE",
        }
        self.ask("PUT", f"/allocations/{consumer}", code, json=body)
        self.consumers.add(consumer)
        return consumer

    def remove(self, consumer: str) -> None:
        """Delete a VM."""
        self.consumers.remove(consumer)
        self.ask("DELETE", f"/allocations/{consumer}")

    def clear(self) -> None:
        """Remove all VMs and hosts."""
        for consumer in list(self.consumers):
            self.remove(consumer)
        for uuid in reversed(self.names.values()):
            self.ask("DELETE", f"/resource_providers/{uuid}")
        self.names.clear()

    def candidates(self, vcpus: int, memory: int = 1) -> set[str]:
        """Names of hosts where a VM could be placed."""
        wanted = f"VCPU:{vcpus},MEMORY_MB:{memory}"
        found = self.ask("GET", f"/allocation_candidates?resources={wanted}&limit=10000")
        names = {uuid: name for name, uuid in self.names.items()}
        return {names[uuid] for one in found["allocation_requests"] for uuid in one["allocations"]}

    def whole(self) -> Mapping[str, Any]:
        """Every inventory of every provider, as JSON text."""
        with ThreadPoolExecutor(4) as pool:
            found = pool.map(self.inventories, self.names)
            return {
                name: json.dumps(one, sort_keys=True)
                for name, one in zip(self.names, found, strict=True)
            }


def clouds_yaml(folder: Path, clouds: Mapping[str, Any]) -> Path:
    """Write a clouds.yaml; JSON is YAML as well."""
    path = folder / "clouds.yaml"
    path.write_text(json.dumps({"clouds": clouds}))
    return path


def noauth(placement: Placement) -> Mapping[str, Any]:
    """An entry of clouds.yaml for a Placement without Keystone."""
    return {
        "auth_type": "admin_token",
        "auth": {"endpoint": placement.url, "token": "admin"},
        "placement_endpoint_override": placement.url,
    }


def signed(keystone: Keystone, user: str = "admin") -> dict[str, Any]:
    """An entry of clouds.yaml for a user of Keystone."""
    return {
        "auth": {
            "auth_url": f"{keystone.url}/v3",
            "username": user,
            "password": PASSWORD,
            "project_name": "admin",
            "user_domain_id": "default",
            "project_domain_id": "default",
        },
        "region_name": REGION,
    }
