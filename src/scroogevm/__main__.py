"""The entry point: turns errors into one line and an exit code."""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

import click

from scroogevm.cli import cli
from scroogevm.errors import ScroogeError
from scroogevm.reports.names import printable
from scroogevm.text import plain


def main() -> None:
    """Run the command line.

    Exit codes: 0 done, 1 it went wrong, 2 misuse, 130 interrupted, 143 terminated.
    """
    signal.signal(signal.SIGTERM, _terminate)
    try:
        code = cli.main(prog_name="scroogevm", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except ScroogeError as error:
        code = _say(str(error), error.exit_code)
    except (click.Abort, KeyboardInterrupt) as error:
        said = str(error.__cause__ or error)  # click puts its own before what was raised
        _leave(_say(said or "interrupted; no incomplete output was left", 130))
    except SystemExit as end:
        _leave(end.code if isinstance(end.code, int) else 1)
    except BrokenPipeError:
        # Whoever read our output has gone; that is no fault, but Python would report it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except OSError as error:
        code = _say(f"{error.filename or 'input or output'}: {plain(error)}", 1)
    except MemoryError:
        code = _say("out of memory; `scroogevm trace convert` cuts a trace into smaller parts", 1)
    sys.exit(code if isinstance(code, int) else 0)


def _say(problem: str, code: int) -> int:
    # A trace may name its nodes so that a terminal obeys them.
    line = printable(" ".join(problem.split()))
    click.echo(f"scroogevm: {line}", err=True)
    return code


def _leave(code: int) -> NoReturn:
    """End at once: a thread may still listen to a worker that was ended in mid-sentence."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _terminate(number: int, frame: FrameType | None) -> None:
    """Leave as on an interrupt, so that nothing stays half-written."""
    del frame
    sys.exit(128 + number)


if __name__ == "__main__":
    main()
