"""Judges a filled store, and is there to be killed: ``judge.py STORE FOLDER SECONDS``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from scroogevm.stores import open_store  # after the path
from service.live import run  # likewise


def _say(service: object, journal: object, end: float) -> None:
    del service, journal
    sys.stdout.write(f"told {end:.0f}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    with open_store(f"embedded:{sys.argv[1]}") as store:
        run(
            store,
            Path(sys.argv[2]),
            float(sys.argv[3]),
            after=_say,
        )
