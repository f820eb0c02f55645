"""The command line: one module for each command group, found by its file name; no arithmetic."""

import pkgutil
from importlib import import_module
from pathlib import Path

import click

from scroogevm import __version__


class Commands(click.Group):
    """The commands whose modules lie in this package; each is imported when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands, sorted."""
        del ctx
        names = (found.name for found in pkgutil.iter_modules(__path__) if not found.ispkg)
        return sorted(name for name in names if not name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The ``command`` of the module of that name."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = import_module(f"{__name__}.{cmd_name}").command
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take ``--config`` wherever it stands: no command has an option of that name.

        Raises:
            BadOptionUsage: it is the last word, without a file.
        """
        first: list[str] = []
        rest: list[str] = []
        words = iter(args)
        for word in words:
            if word == "--":
                rest += [word, *words]
            elif word == "--config":
                file = next(words, None)
                if file is not None:
                    first += [word, file]
                elif not ctx.resilient_parsing:
                    raise click.BadOptionUsage(word, f"Option '{word}' requires a file.", ctx)
            elif word.startswith("--config="):
                first.append(word)
            else:
                rest.append(word)
        return super().parse_args(ctx, [*first, *rest])


@click.command(
    cls=Commands,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": "SCROOGEVM",
        "show_default": True,
    },
)
@click.version_option(__version__, prog_name="scroogevm")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="TOML file of defaults: a table for each command, a key for each option. It can also be "
    "given after the command.",
)
@click.pass_context
def cli(context: click.Context, config: Path | None) -> None:
    """How much cpu and memory of a hypervisor node is really free.

    Replay recorded traces through oversubscription strategies, and see how much each would have
    freed and how often it would have been wrong. Options of the command line override the
    environment (SCROOGEVM_REPLAY_HISTORY=5). The environment overrides the file.
    """
    if config is not None:
        from scroogevm.cli._defaults import defaults  # noqa: PLC0415  # only where asked for
        from scroogevm.cli._scraping import inherited  # noqa: PLC0415  # likewise

        context.default_map = inherited(defaults(context, config))
