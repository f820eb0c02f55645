"""Starts collectors quickly: a process that has imported everything forks one for each line.

Each line is a folder and the words after ``scroogevm``, as JSON; the answer is a process id. What a
child says goes to ``collect.log`` in its folder. An empty line ends it.
"""

import json
import os
import sys
from pathlib import Path

import scroogevm.cli.actions.collect  # what the children need
import scroogevm.collect.buffer
import scroogevm.collect.run
import scroogevm.stores.embedded
import scroogevm.wiring.collect  # noqa: F401  # likewise
from scroogevm.__main__ import main


def child(folder: str, words: list[str]) -> None:
    os.chdir(folder)
    log = os.open(Path("collect.log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number in (1, 2):
        os.dup2(log, number)
    sys.argv = ["scroogevm", *words]
    main()


def serve() -> None:
    for line in iter(sys.stdin.readline, "\n"):
        if not line:
            break
        pid = os.fork()
        if not pid:
            child(*json.loads(line))
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


if __name__ == "__main__":
    serve()
