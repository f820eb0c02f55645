"""``scroogevm probe``: serves the values of a worker node as metrics."""

from pathlib import Path

import click

from scroogevm.cli._lazy import runs

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
@runs("probe")
def command() -> None:
    """Read libvirt and the kernel of this worker node, and show it as Prometheus metrics.

    What cannot be read here is left out; a message says so once, with the consequence.
    """
