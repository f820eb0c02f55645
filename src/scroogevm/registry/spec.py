"""Parses a plug-in and its parameters: ``n-sigma:n=3``, ``margin(doa, by=1.2)``.

```
spec  = name | name ":" pairs | name "(" items ")"
items = item { "," item }        item  = name "=" value | name "=" spec | spec
pairs = pair { "," pair }        pair  = name "=" value        (outside parentheses only)
```
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from scroogevm.errors import SpecError

_DEEPEST = 20
"""Largest depth of parentheses, so that the parser does not run out of stack."""

_TOKEN = re.compile(r"([A-Za-z_][\w.-]*|[-+]?\d[\w.+-]*|[-+]?\.\d[\w.+-]*|[:(),=])")


@dataclass(frozen=True)
class Spec:
    """A name with arguments.

    Attributes:
        name: which plug-in.
        pairs: values by parameter name; each is a spec (a plain word or number is one, too).
        inner: nested specs without a name, for combinators.
    """

    name: str
    pairs: Mapping[str, "Spec"] = field(default_factory=dict)
    inner: Sequence["Spec"] = ()

    @classmethod
    def parse(cls, text: str) -> "Spec":
        """Read a spec.

        Raises:
            SpecError: the text does not have the form above.

        >>> Spec.parse("n-sigma:n=3").pairs["n"].name
        '3'
        >>> [inner.name for inner in Spec.parse("max-of(rc-like, n-sigma(n=2))").inner]
        ['rc-like', 'n-sigma']
        """
        reader = _Reader(text)
        spec = reader.spec(colon=True)
        reader.end()
        return spec

    def __str__(self) -> str:
        items = [str(inner) for inner in self.inner]
        items += [f"{name}={value}" for name, value in self.pairs.items()]
        return f"{self.name}({', '.join(items)})" if items else self.name


class _Reader:
    """A recursive-descent reader of one spec."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(self._split(text))
        self.place = 0
        self.depth = 0

    def spec(self, *, colon: bool) -> Spec:
        name = self._word()
        if colon and self._take(":"):
            return self._items(name, closing="")
        if self._take("("):
            self.depth += 1
            if self.depth > _DEEPEST:
                raise self._error("it is nested too deeply")
            spec = self._items(name, closing=")")
            self.depth -= 1
            return spec
        return Spec(name)

    def end(self) -> None:
        if self.place < len(self.tokens):
            raise self._error(f"unexpected {self.tokens[self.place]!r}")

    def _items(self, name: str, closing: str) -> Spec:
        pairs: dict[str, Spec] = {}
        inner: list[Spec] = []
        while True:
            item = self.spec(colon=False)
            if self._take("="):
                if item.pairs or item.inner:
                    raise self._error(f"{str(item)!r} is not the name of a parameter")
                if item.name in pairs:
                    raise self._error(f"{item.name!r} is given twice")
                pairs[item.name] = self.spec(colon=False)
            elif closing:
                inner.append(item)
            else:
                raise self._error(f"{item.name!r} has no value")
            if not self._take(","):
                break
        if closing and not self._take(closing):
            raise self._error("a parenthesis is not closed")
        return Spec(name, pairs, tuple(inner))

    def _word(self) -> str:
        if self.place == len(self.tokens) or self.tokens[self.place] in ":(),=":
            raise self._error("a name or value is missing")
        self.place += 1
        return self.tokens[self.place - 1]

    def _take(self, token: str) -> bool:
        if self.place < len(self.tokens) and self.tokens[self.place] == token:
            self.place += 1
            return True
        return False

    def _split(self, text: str) -> Iterator[str]:
        for word in re.finditer(r"\S+", text):
            place = word.start()
            while place < word.end():
                match = _TOKEN.match(text, place, word.end())
                if not match:
                    raise self._error(f"unexpected {text[place]!r}")
                yield match.group()
                place = match.end()

    def _error(self, problem: str) -> SpecError:
        return SpecError(
            problem, where=repr(self.text), remedy="write NAME, NAME:key=value,... or NAME(...)"
        )
