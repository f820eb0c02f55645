"""``make bench``: run every benchmark, or those named, and write to docs/performance."""

import json
import os
import pkgutil
import platform
import sys
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import benchmarks
from benchmarks.report import Result, page

DOCS = Path(__file__).parent.parent / "docs" / "performance"
LIBRARIES = ("numpy", "polars", "pysimdjson", "orjson", "msgspec")


def main() -> None:
    known = [
        m.name for m in pkgutil.iter_modules(benchmarks.__path__) if m.name.startswith("bench")
    ]
    wanted = [f"bench_{name}" for name in sys.argv[1:]] or known
    DOCS.mkdir(exist_ok=True)
    for name in wanted:
        if name not in known:
            sys.exit(f"no benchmark {name!r}; there are {', '.join(known)}")
        module = import_module(f"benchmarks.{name}")
        print(f"== {name}", flush=True)
        result: Result = module.run(DOCS)
        result.show()
        (DOCS / f"{name}.json").write_text(json.dumps(result.to_dict(), indent=1) + "\n")
        (DOCS / f"{name}.md").write_text(page(result, machine()))


def machine() -> str:
    """Where the figures come from."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {len(os.sched_getaffinity(0))} cores of {model}, "
        f"Python {platform.python_version()}, {libraries}"
    )


if __name__ == "__main__":
    main()
