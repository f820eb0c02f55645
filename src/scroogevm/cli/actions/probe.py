"""``scroogevm probe``: serves the values of a worker node as metrics."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from scroogevm.address import parse_address
from scroogevm.cli.actions._output import print_json, remark
from scroogevm.errors import MisuseError
from scroogevm.probe.access import Certificate, ServerAccess, Token
from scroogevm.probe.plain import to_plain
from scroogevm.probe.probe import Places, Probe
from scroogevm.probe.service import Outlets, ProbeLog, serve
from scroogevm.probe.vmprobe import check_prefix


def command(
    *,
    uri: str,
    interval: float,
    time_limit: float,
    perf: bool,
    procfs: Path,
    sysfs: Path,
    textfile: Path | None,
    vmprobe: str | None,
    once: bool,
    as_json: bool,
    **asked: Any,
) -> None:
    """Read libvirt and the kernel of this worker node, and show it as Prometheus metrics."""
    if as_json and not once:
        raise MisuseError("can only be used with --once", where="--json")
    if as_json and vmprobe is not None:
        raise MisuseError(
            "exclude each other", where="--json and --vmprobe", remedy="give only one of them"
        )
    _check_outlets(asked, once=once, textfile=textfile)
    for name, folder in (("--path.procfs", procfs), ("--path.sysfs", sysfs)):
        if not folder.is_dir():
            raise MisuseError("is not a directory", where=f"{name} {folder}")
    places = Places(uri, procfs, sysfs, time_limit, perf, interval)
    prefix = None if vmprobe is None else check_prefix(vmprobe)
    if once:
        snapshot = Probe(places).read()
        ProbeLog(remark).hear(snapshot)
        if as_json:
            print_json(to_plain(snapshot))
        else:
            click.echo(Outlets(prefix=prefix).render(snapshot), nl=False)
        return
    if textfile and textfile.suffix != ".prom":
        remark(f"{textfile}: node_exporter reads files that end in .prom only")
    served = textfile is None or asked["listen"] is not None
    serve(places, Outlets(_access(**asked) if served else None, textfile, prefix), remark)


def _check_outlets(asked: Mapping[str, Any], *, once: bool, textfile: Path | None) -> None:
    """See that no option is passed over: who asks for a token believes that one is needed."""
    given = [f"--{name.replace('_', '-')}" for name, value in asked.items() if value]
    if once and (given or textfile):
        said = given[0] if given else "--textfile"
        raise MisuseError("cannot be used with --once, which only prints", where=said)
    if textfile and given and asked["listen"] is None:
        raise MisuseError(
            "with --textfile alone, nothing is served", where=given[0], remedy="add --listen"
        )


def _access(
    listen: str | None,
    token_file: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    *,
    insecure: bool,
) -> "ServerAccess":
    """How the numbers are served; everything is checked before anything starts."""
    if (tls_cert is None) is not (tls_key is None):
        raise MisuseError("need each other", where="--tls-cert and --tls-key")
    access = ServerAccess(
        parse_address(listen or "127.0.0.1:19177"),
        Token(token_file) if token_file else None,
        Certificate(tls_cert, tls_key) if tls_cert and tls_key else None,
    )
    access.check(insecure=insecure)
    return access
