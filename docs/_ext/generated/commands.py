"""The command line, as click knows it."""

from collections.abc import Iterator
from inspect import cleandoc

import click

from generated.markdown import code, table
from scroogevm.cli import cli
from scroogevm.cli._tables import Tables


def commands() -> str:
    """Every command with its options."""
    return "\n\n".join(_section(context) for context in contexts())


def settings() -> str:
    """Every option with the key and the variable that set it."""
    return "\n\n".join(map(_places, contexts()))


def variables() -> Iterator[str]:
    """Every variable that sets an option."""
    for context in contexts():
        for option in _options(context):
            yield _variable(context, option)


def _places(context: click.Context) -> str:
    path = context.command_path.removeprefix("scroogevm ").replace(" ", ".")
    rows = [
        [code(f"--{name}"), code(_variable(context, option)), "yes" if option.multiple else ""]
        for option in _options(context)
        for name in _long(option)
    ]
    columns = ["option", "variable", "takes a list"]
    parts = [f"## [{path}]", table(columns, rows)]
    tables = [
        [code(f"[[{path}.{name}]]" if item.multiple else f"[{path}.{name}]"), item.help or ""]
        for item in context.command.params
        if isinstance(item, Tables)
        for name in _long(item)
    ]
    return "\n\n".join(
        [*parts, table(["table of the file", "meaning"], tables)] if tables else parts
    )


def _options(context: click.Context) -> Iterator[click.Option]:
    """Those that can be given on the command line."""
    parameters = context.command.params
    return (
        item
        for item in parameters
        if isinstance(item, click.Option) and not isinstance(item, Tables)
    )


def _long(option: click.Option) -> Iterator[str]:
    return (name[2:] for name in option.opts if name.startswith("--"))


def _variable(context: click.Context, option: click.Option) -> str:
    return f"{context.auto_envvar_prefix}_{option.name}".upper()


def contexts() -> Iterator[click.Context]:
    """The context of every command, groups left out."""
    yield from _below(click.Context(cli, info_name="scroogevm", **cli.context_settings))


def _below(context: click.Context) -> Iterator[click.Context]:
    command = context.command
    if not isinstance(command, click.Group):
        yield context
        return
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        if inner is not None:
            yield from _below(click.Context(inner, info_name=name, parent=context))


def _section(context: click.Context) -> str:
    command = context.command
    path = context.command_path
    records = [item.get_help_record(context) for item in _options(context)]
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    return "\n\n".join(
        [
            f"({path.replace(' ', '-')})=\n## {path}",
            f"```text\n{usage}\n```",
            _plain(cleandoc(command.help or "")),
            table(
                ["option", "meaning"],
                ([code(record[0]), _plain(record[1])] for record in records if record),
            ),
        ]
    )


def _plain(text: str) -> str:
    r"""Text that Markdown would read something into."""
    return text.replace("\b", "").replace("*", r"\*").replace("<", r"\<")
