"""Terraform's language, with the position of every block, attribute and value. The grammar is tree-sitter's."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tree_sitter import Node as Tree

_ESCAPE = re.compile(r'\\(?:([nrt"\\])|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))')
_OPERATORS = frozenset({"==", "!=", "<", ">", "<=", ">=", "+", "-", "*", "/", "%", "&&", "||"})
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


class HclError(ValueError):
    """The text is not Terraform's language, or its parser is not installed."""


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression, from offset `start` to offset `end`.

    `kind` is one of:

    - "literal" (`value`), "template" (`parts`: texts and expressions), "tuple" (`items`), "object" (`members`),
    - "reference" (`value` is its text, `steps` its names and indexes), "access" (`steps` from the only item),
    - "call" (`value` is the name, `items` are the arguments; the last is an "ellipsis" where a list is spread),
    - "conditional" (`items`: condition, and the values where it is true and false),
    - "operation" (`value` is the operator, `items` one operand or two),
    - "for" (`value`: its names; `members`: "in", "key" of an object, "value", "if"), or "other".
    """

    kind: str
    start: int
    end: int
    value: Any = None
    items: tuple["Expression", ...] = ()
    members: "tuple[tuple[str | Expression, Expression], ...]" = ()
    parts: "tuple[str | Expression, ...]" = ()
    steps: "tuple[str | Expression, ...]" = ()


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute, from offset `start` of its name."""

    name: str
    start: int
    value: Expression


@dataclass(frozen=True, slots=True)
class Block:
    """A block: its body is between the offsets `body_start` and `body_end`, which are those of the braces."""

    kind: str
    labels: tuple[str, ...]
    start: int
    body_start: int
    body_end: int
    line: int
    attributes: tuple[Attribute, ...]
    blocks: tuple["Block", ...]

    def get(self, name: str) -> Expression | None:
        """The value of an attribute."""
        return next((one.value for one in self.attributes if one.name == name), None)

    def child(self, kind: str) -> "Block | None":
        """The first block of a kind in it."""
        return next((one for one in self.blocks if one.kind == kind), None)


def parse(text: str) -> Block:
    """The body of a file, as a block without a kind.

    Raises:
        HclError: the text is not Terraform's language, or its parser is not installed.
    """
    try:
        import tree_sitter
        import tree_sitter_hcl
    except ImportError as error:
        raise HclError("its parser is not installed: pip install 'lambda-monitor[terraform]'") from error

    # A byte order mark does not belong to the language.
    source = text.replace("\ufeff", " ", 1) if text.startswith("\ufeff") else text
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_hcl.language()))
    root = parser.parse(source.encode()).root_node
    if root.has_error:
        raise HclError(f"line {_first_error(root)}: the syntax is not valid")
    reader = _Reader(source)
    try:
        attributes, blocks = reader.body(next((one for one in root.children if one.type == "body"), None))
    except RecursionError as error:
        raise HclError("it is too deeply nested") from error
    return Block("", (), 0, -1, len(text), 1, attributes, blocks)


def _first_error(tree: "Tree") -> int:
    """The line of the first syntax error, from 1."""
    while not (tree.is_error or tree.is_missing):
        inner = next((one for one in tree.children if one.has_error), None)
        if inner is None:
            break
        tree = inner
    return tree.start_point.row + 1


class _Reader:
    def __init__(self, source: str) -> None:
        self._bytes = source.encode()
        self._is_ascii = source.isascii()

    def body(self, tree: "Tree | None") -> tuple[tuple[Attribute, ...], tuple[Block, ...]]:
        attributes, blocks = [], []
        for child in tree.children if tree is not None else ():
            if child.type == "attribute":
                name, value = child.children[0], child.children[-1]
                attributes.append(Attribute(self._text(name), self._at(name.start_byte), self.expression(value)))
            elif child.type == "block":
                blocks.append(self._block(child))
        return tuple(attributes), tuple(blocks)

    def _block(self, tree: "Tree") -> Block:
        by_type = {child.type: child for child in tree.children}
        kind, *labels = [child for child in tree.children if child.type in ("identifier", "string_lit")]
        attributes, blocks = self.body(by_type.get("body"))
        return Block(
            self._text(kind),
            tuple(self._text(label).strip('"') for label in labels),
            self._at(tree.start_byte),
            self._at(by_type["block_start"].start_byte),
            self._at(by_type["block_end"].start_byte),
            tree.start_point.row + 1,
            attributes,
            blocks,
        )

    def expression(self, tree: "Tree") -> Expression:
        """The expression of a syntax tree."""
        start, end = self._at(tree.start_byte), self._at(tree.end_byte)
        children = [child for child in tree.children if child.type not in ("comment", "(", ")")]
        match tree.type, [child.type for child in children]:
            case "expression" | "collection_value" | "template_expr" | "operation", [_, *_]:
                return self._term(children)
            case "literal_value", [_]:
                return Expression("literal", start, end, self._literal(children[0]))
            case "quoted_template", _:
                return Expression("template", start, end, parts=tuple(self._parts(children)))
            case "tuple", _:
                items = tuple(self.expression(child) for child in children if child.type == "expression")
                return Expression("tuple", start, end, items=items)
            case "object", _:
                members = tuple(self._member(child) for child in children if child.type == "object_elem")
                return Expression("object", start, end, members=members)
            case "function_call", ["identifier", *_]:
                items = tuple(self._arguments(children))
                return Expression("call", start, end, self._text(children[0]), items)
            case "conditional", ["expression", "?", "expression", ":", "expression"]:
                return Expression("conditional", start, end, items=tuple(self.expression(one) for one in children[::2]))
            case "unary_operation", [operator, *_]:
                return Expression("operation", start, end, operator, (self._term(children[1:]),))
            case "binary_operation", types if operator := next((one for one in types if one in _OPERATORS), ""):
                at = types.index(operator)
                operands = (self._term(children[:at]), self._term(children[at + 1 :]))
                return Expression("operation", start, end, operator, operands)
            case "for_expr", [_]:
                return self._for(children[0])
            case "ellipsis", _:
                return Expression("ellipsis", start, end)
        return Expression("other", start, end)

    def _term(self, children: "list[Tree]") -> Expression:
        """A value, and the attributes and indexes that are read from it."""
        head, *rest = children
        start, end = self._at(head.start_byte), self._at(children[-1].end_byte)
        if not {one.type for one in rest} <= {"get_attr", "index"}:
            return Expression("other", start, end)
        steps = tuple(self._step(one) for one in rest)
        if head.type == "variable_expr":
            written = self._bytes[head.start_byte : children[-1].end_byte].decode()
            return Expression("reference", start, end, written, steps=(self._text(head), *steps))
        base = self.expression(head)
        return Expression("access", start, end, items=(base,), steps=steps) if rest else base

    def _step(self, tree: "Tree") -> str | Expression:
        if tree.type == "index":
            inner = next((one for child in tree.children for one in child.children if one.type == "expression"), None)
            if inner is not None:
                return self.expression(inner)
        return self._text(tree).lstrip(".").strip()

    def _for(self, tree: "Tree") -> Expression:
        start, end = self._at(tree.start_byte), self._at(tree.end_byte)
        intro = next((one for one in tree.children if one.type == "for_intro"), None)
        if intro is None or any(one.type == "ellipsis" for one in tree.children):
            return Expression("other", start, end)
        names = tuple(self._text(one) for one in intro.children if one.type == "identifier")
        values = [self.expression(one) for one in (*intro.children, *tree.children) if one.type == "expression"]
        condition = next((one for one in tree.children if one.type == "for_cond"), None)
        kinds = ("in", "value") if tree.type == "for_tuple_expr" else ("in", "key", "value")
        tests = [self.expression(one) for one in (condition.children if condition else ()) if one.type == "expression"]
        if len(values) != len(kinds):
            return Expression("other", start, end)
        members = (*zip(kinds, values, strict=True), *(("if", one) for one in tests))
        return Expression("for", start, end, names, members=members)

    def _arguments(self, children: "list[Tree]") -> Iterator[Expression]:
        for child in children:
            if child.type == "function_arguments":
                yield from (self.expression(one) for one in child.children if one.type in ("expression", "ellipsis"))

    def _member(self, tree: "Tree") -> tuple[str | Expression, Expression]:
        """A member of an object. Its name is an expression where it is a template, or between parentheses."""
        key, value = (child for child in tree.children if child.type == "expression")
        name = self.expression(key)
        if name.kind == "reference" and key.children[0].type != "(":
            return str(name.value), self.expression(value)
        is_text = name.kind == "literal" and name.value is not None
        return str(name.value) if is_text else name, self.expression(value)

    def _literal(self, tree: "Tree") -> Any:
        written = self._text(tree)
        match tree.type:
            case "string_lit":
                return _unescaped(written[1:-1])
            case "numeric_lit":
                return int(written) if written.isdecimal() else float(written)
        return {"true": True, "false": False}.get(written)

    def _parts(self, children: "list[Tree]") -> Iterator[str | Expression]:
        # The literal texts are what is between: their nodes leave white space out.
        position = children[0].end_byte
        for child in children[1:]:
            if child.type == "template_literal":
                continue
            if child.start_byte > position:
                yield _unescaped(self._bytes[position : child.start_byte].decode())
            position = child.end_byte
            if child.type == "template_interpolation":
                yield from (self.expression(one) for one in child.children if one.type == "expression")
            elif child.type == "template_directive":
                yield Expression("other", self._at(child.start_byte), self._at(child.end_byte))

    def _text(self, tree: "Tree") -> str:
        return self._bytes[tree.start_byte : tree.end_byte].decode()

    def _at(self, byte: int) -> int:
        """The offset of a byte in the text."""
        return byte if self._is_ascii else len(self._bytes[:byte].decode())


def _unescaped(written: str) -> str:
    plain = _ESCAPE.sub(lambda match: _PLAIN[match[1]] if match[1] else chr(int(match[2] or match[3], 16)), written)
    return plain.replace("$${", "${").replace("%%{", "%{")
