"""Groups of commands that share options."""

from itertools import islice

import click


class SharedWords(click.Group):
    """A group whose own options may stand behind the command, too."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take its options wherever they stand: no command of it has one of the same name."""
        own = {name for parameter in self.params for name in parameter.opts}
        first: list[str] = []
        rest: list[str] = []
        words = iter(args)
        for word in words:
            name, given, _ = word.partition("=")
            if word == "--":
                rest += [word, *words]
            elif name in own:
                first += [word] if given else [word, *islice(words, 1)]
            else:
                rest.append(word)
        return super().parse_args(ctx, [*first, *rest])
