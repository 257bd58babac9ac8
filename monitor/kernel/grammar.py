"""One way to read a small language: the text of its grammar, and a class that builds its values.

The grammars are in lark's notation and read by LALR(1), which takes time in proportion to the text and does not
recurse, whatever the text is. lark is imported when the first text is read: it takes about 55 ms.
"""

from collections.abc import Collection, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lark import Lark, Tree

# What walks a built value recurses, up to three calls a level: this is far from Python's limit.
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
    """A text that is not of the language.

    At `position` stands `found`, of the terminal `kind` (empty: of none), and `accepted` are those that could.
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
    """What the parts of a rule were built to, and where the rule stands in the text."""

    def __init__(self, source: str, start: int, end: int) -> None:
        super().__init__()
        self._source = source
        self.start = start
        self._end = end

    @property
    def text(self) -> str:
        """The rule as it is written."""
        return self._source[self.start : self._end]


class Grammar:
    """A language.

    Args:
        rules: the grammar, in lark's notation.
        builder: has a method for each rule that takes its Parts and returns what the rule stands for.
        names: what each terminal is called in an error, in the order in which they are listed there; an empty name
            hides one. Brackets, the comma and the colon are named already.
        longest: how many characters a text may have.
        deepest: how many rules may be inside each other.
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
        """What the builder makes of the text.

        Raises:
            GrammarError: the text is not of the language, too long or nested too deeply.
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
    """A piece of a text, fit for an error message."""
    return text if len(text) <= 40 else f"{text[:39]}…"
