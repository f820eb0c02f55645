"""``scroogevm probe``: serves the values of a worker node as metrics."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from scroogevm.probe.access import ServerAccess

_file = click.Path(path_type=Path)


@click.command("probe")
@click.option("--listen", metavar="HOST:PORT",
              help="Serve /metrics there; 127.0.0.1:19177 unless there is a textfile.")  # fmt: skip
@click.option("--textfile", type=_file, metavar="FILE.prom",
              help="Write this file at each interval, for node_exporter.")  # fmt: skip
@click.option("--interval", type=click.FloatRange(min=0.1, max=3600), default=5, metavar="S",
              help="Seconds between readings, which the probe announces.")  # fmt: skip
@click.option("--uri", default="qemu:///system", metavar="URI", help="URI of libvirt.")
@click.option("--time-limit", type=click.FloatRange(min=0.05, max=60), default=2, metavar="S",
              help="Time limit of a call to libvirt.")  # fmt: skip
@click.option("--perf", is_flag=True, help="Read performance counters, if the machine has them.")
@click.option("--vmprobe", metavar="PREFIX",
              help="Use the predecessor's names and units, after this prefix.")  # fmt: skip
@click.option("--tls-cert", type=_file, metavar="PEM", help="Serve HTTPS with this certificate.")
@click.option("--tls-key", type=_file, metavar="PEM", help="Key of the certificate.")
@click.option("--token-file", type=_file, metavar="FILE",
              help="Require the bearer token in this file.")  # fmt: skip
@click.option("--insecure", is_flag=True, help="Allow other machines to scrape without a token.")
@click.option("--path.procfs", "procfs", type=_file, default=Path("/proc"), metavar="DIR",
              help="Directory of /proc.")  # fmt: skip
@click.option("--path.sysfs", "sysfs", type=_file, default=Path("/sys"), metavar="DIR",
              help="Directory of /sys.")  # fmt: skip
@click.option("--once", is_flag=True, help="Read once, print the result, and exit.")
@click.option("--json", "as_json", is_flag=True, help="With --once: print JSON.")
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
    """Read libvirt and the kernel of this worker node, and show it as Prometheus metrics.

    What cannot be read here is left out; a message says so once, with the consequence.
    """
    from scroogevm.cli._output import print_json, remark  # noqa: PLC0415  # on demand
    from scroogevm.errors import MisuseError  # noqa: PLC0415  # likewise
    from scroogevm.probe.plain import to_plain  # noqa: PLC0415  # likewise
    from scroogevm.probe.probe import Places, Probe  # noqa: PLC0415  # likewise
    from scroogevm.probe.service import Outlets, ProbeLog, serve  # noqa: PLC0415  # likewise
    from scroogevm.probe.vmprobe import check_prefix  # noqa: PLC0415  # likewise

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
    from scroogevm.errors import MisuseError  # noqa: PLC0415  # on demand

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
    from scroogevm.errors import MisuseError  # noqa: PLC0415  # on demand
    from scroogevm.probe.access import Certificate, ServerAccess, Token, parse_address  # noqa: PLC0415

    if (tls_cert is None) is not (tls_key is None):
        raise MisuseError("need each other", where="--tls-cert and --tls-key")
    access = ServerAccess(
        parse_address(listen or "127.0.0.1:19177"),
        Token(token_file) if token_file else None,
        Certificate(tls_cert, tls_key) if tls_cert and tls_key else None,
    )
    access.check(insecure=insecure)
    return access
