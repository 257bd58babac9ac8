"""Parsing of small languages, from a grammar and a class that builds values.

Grammars are in lark's notation. lark parses them with LALR(1), which takes time in proportion to the text and never
recurses. Importing lark takes about 55 ms, so it is imported when the first text is parsed.
"""

from collections.abc import Collection, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lark import Lark, Tree

# Code that walks a built value recurses, with up to three calls per level. This is far below Python's limit.
_DEEPEST = 150
_SIGNS = {
    "LPAR": "'('",
    "RPAR": "')'",
    "LSQB": "'['",
    "RSQB": "']'",
    "LBRACE": "'{'",
    "RBRACE": "'}'",
    "COMMA": "a comma",
    "COLON": "a colon",
    "$END": "the end",
}


class GrammarError(ValueError):
    """The text does not match the grammar.

    `found` is the text at `position`, `kind` its terminal (empty if none matches), `accepted` the expected terminals.
    """

    def __init__(
        self, message: str, position: int = 0, found: str = "", kind: str = "", accepted: Collection[str] = ()
    ) -> None:
        super().__init__(message)
        self.position = position
        self.found = found
        self.kind = kind
        self.accepted = accepted


class Parts(list[Any]):
    """The values built from the parts of a rule, and the rule's position in the text."""

    def __init__(self, source: str, start: int, end: int) -> None:
        super().__init__()
        self._source = source
        self.start = start
        self._end = end

    @property
    def text(self) -> str:
        """The source text of the rule."""
        return self._source[self.start : self._end]


class Grammar:
    """A small language.

    Args:
        rules: the grammar, in lark's notation.
        builder: has a method for each rule, which takes the rule's Parts and returns its value.
        names: the name of each terminal in error messages, in the order in which messages list them. An empty name
            hides a terminal. Brackets, the comma, and the colon have names already.
        longest: the maximum length of a text, in characters.
        deepest: the maximum depth of nested rules.
    """

    def __init__(
        self, rules: str, builder: object, names: Mapping[str, str], *, longest: int, deepest: int = _DEEPEST
    ) -> None:
        self._rules = rules
        self._builder = builder
        self._names = {**names, **{name: sign for name, sign in _SIGNS.items() if name not in names}}
        self._longest = longest
        self._deepest = deepest

    def parse(self, text: str) -> Any:
        """Parse the text and return the value that the builder makes of it.

        Raises:
            GrammarError: the text does not match the grammar, is too long, or is nested too deeply.
        """
        from lark.exceptions import UnexpectedInput

        if len(text) > self._longest:
            raise GrammarError(f"it has more than {self._longest:,} characters", self._longest)
        try:
            tree = self._lark.parse(text)
        except UnexpectedInput as error:
            raise self._error(error, text) from None
        return self._built(tree, text)

    @cached_property
    def _lark(self) -> "Lark":
        from lark import Lark

        return Lark(self._rules, parser="lalr", propagate_positions=True)

    def _built(self, tree: "Tree[Any]", text: str) -> Any:
        """Build from the leaves up, without recursion."""
        built: dict[int, tuple[Any, int]] = {}
        for node in tree.iter_subtrees():
            empty = node.meta.empty
            parts = Parts(text, 0 if empty else node.meta.start_pos, 0 if empty else node.meta.end_pos)
            depth = 1
            for child in node.children:
                value, below = built.pop(id(child), (child, 0))
                parts.append(value)
                depth = max(depth, below + 1)
            if depth > self._deepest:
                raise GrammarError("it is nested too deeply", parts.start)
            built[id(node)] = (getattr(self._builder, node.data)(parts), depth)
        return built[id(tree)][0]

    def _error(self, error: Any, text: str) -> GrammarError:
        token = getattr(error, "token", None)
        at_end = token is not None and token.type == "$END"
        position = len(text) if at_end else error.pos_in_stream
        found = "" if at_end else str(token) if token is not None else text[position : position + 1]
        if token is None and found in ("'", '"'):
            return GrammarError("a quotation mark is not closed", position)
        accepted = error.interactive_parser.accepts()
        expected = list(dict.fromkeys(name for terminal, name in self._names.items() if name and terminal in accepted))
        kind = "$END" if at_end else token.type if token is not None else ""
        said = "the text ends too early" if at_end else f"{shortened(found)!r} is not expected here"
        if expected:
            said = f"expected {_listed(expected)}, " + (
                "but the text ends" if at_end else f"found {shortened(found)!r}"
            )
        return GrammarError(said, position, found, kind, accepted)


def _listed(names: list[str]) -> str:
    *others, last = names
    if not others:
        return last
    return f"{', '.join(others)}{',' if any(' or ' in name for name in names) else ''} or {last}"


def shortened(text: str) -> str:
    """The text, cut to a length that fits in an error message."""
    return text if len(text) <= 40 else f"{text[:39]}…"
