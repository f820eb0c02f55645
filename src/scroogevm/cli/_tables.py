"""Options that exist only as tables of the settings file."""

from collections.abc import Mapping, Sequence
from typing import Any

import click
from click.core import ParameterSource


class Tables(click.Option):
    """A table of the settings file, or, with ``multiple``, a list of tables.

    Its ``help`` is shown in the reference alone.
    """

    def __init__(self, declarations: Sequence[str], **attributes: Any) -> None:
        super().__init__(declarations, hidden=True, allow_from_autoenv=False, **attributes)

    def fits(self, value: Any) -> bool:
        """Whether a value of the file is of this form."""
        if self.multiple:
            return isinstance(value, list) and all(isinstance(each, Mapping) for each in value)
        return isinstance(value, Mapping)

    def process_value(self, ctx: click.Context, value: Any) -> Any:
        """The tables as they are; none where the file has none."""
        if self.fits(value):
            return value
        if ctx.get_parameter_source(str(self.name)) is ParameterSource.COMMANDLINE:
            raise click.BadParameter("can only be set in the settings file", ctx=ctx, param=self)
        return () if self.multiple else {}
