"""Wrapping functions in Terraform's files: aws_lambda_function, and calls of terraform-aws-modules/lambda."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path

from monitor.instrument.analyze_write import POLICY
from monitor.instrument.model_write import Wish
from monitor.kernel.entry_point import ENTRY_POINT, HANDLER_VARIABLE
from monitor.templates.edits import Edit, EditError, newline_of
from monitor.templates.hcl import Block, Expression
from monitor.templates.model import TemplateFunction
from monitor.templates.terraform import without_keys


class HclWriter:
    """Plans the edits of one file of a module; `files` are all of its files."""

    def __init__(self, text: str, top: Block, files: Mapping[Path, Block]) -> None:
        self._text = text
        self._top = top
        self._files = files
        self._newline = newline_of(text)
        self._roles: set[str] = set()

    def edits(self, function: TemplateFunction, wish: Wish, notes: list[str]) -> Iterator[Edit]:
        """The edits that wrap a function.

        Raises:
            EditError: something is written in a form that cannot be changed safely.
        """
        block = self._block(function)
        handler = block.get("handler")
        if handler is None:
            raise EditError("it has no handler")
        old = self._written(handler)
        if "\n" in old:
            raise EditError("its handler is spread over several lines")
        yield Edit(handler.start, old, f'"{ENTRY_POINT}"')
        wanted = wish.layer if wish.layer and wish.layer not in function.layers else None
        tracing = wish.tracing and function.tracing != "Active"
        is_null = not function.layers
        if block.kind == "module":
            yield from self._in_module(block, old, wanted, tracing, is_null=is_null)
        else:
            yield from self._in_resource(block, old, wanted, tracing, is_null=is_null)
            if tracing:
                yield from self._role(block, notes)

    def _block(self, function: TemplateFunction) -> Block:
        kind, name = without_keys(function.id).split(".")[-2:]
        for block in self._top.blocks:
            labels = ("module", (name,)) if kind == "module" else ("resource", (kind, name))
            if (block.kind, block.labels) == labels:
                if "\n" not in self._text[block.body_start : block.body_end]:
                    raise EditError("its block is on one line")
                return block
        raise EditError("it is not written in this file")

    def _in_resource(
        self, block: Block, old: str, layer: str | None, tracing: bool, *, is_null: bool
    ) -> Iterator[Edit]:
        added: list[str] = []
        if layer:
            yield from self._list(block, "layers", layer, added, is_null=is_null)
            added[:0] = [""] if added else []
        environment = _own_child(block, "environment")
        if environment is None:
            added += ["", "environment {", "  variables = {", f"    {HANDLER_VARIABLE} = {old}", "  }", "}"]
        else:
            yield from self._variable(environment, "variables", old)
        if tracing:
            config = _own_child(block, "tracing_config")
            mode = config.get("mode") if config is not None else None
            if config is None:
                added += ["", "tracing_config {", '  mode = "Active"', "}"]
            elif mode is not None:
                yield Edit(mode.start, self._written(mode), '"Active"')
            else:
                raise EditError("its tracing_config has no mode")
        if added:
            yield self._at_end(block, added)

    def _in_module(self, block: Block, old: str, layer: str | None, tracing: bool, *, is_null: bool) -> Iterator[Edit]:
        added: list[str] = []
        if layer:
            yield from self._list(block, "layers", layer, added, is_null=is_null)
        if block.get("environment_variables") is None:
            added += ["environment_variables = {", f"  {HANDLER_VARIABLE} = {old}", "}"]
        else:
            yield from self._variable(block, "environment_variables", old)
        for name, value in (("tracing_mode", '"Active"'), ("attach_tracing_policy", "true")) if tracing else ():
            found = block.get(name)
            if found is None:
                added.append(f"{name} = {value}")
            else:
                yield Edit(found.start, self._written(found), value)
        if added:
            yield self._at_end(block, ["", *_aligned(added)])

    def _list(self, block: Block, name: str, value: str, added: list[str], *, is_null: bool) -> Iterator[Edit]:
        found = block.get(name)
        if found is None:
            added.append(f'{name} = ["{value}"]')
        elif found.kind == "tuple":
            yield self._append(found, f'"{value}"', [item.end for item in found.items])
        elif is_null:
            # concat() takes no null.
            yield from self._around(found, "concat(", f' == null ? [] : {self._written(found)}, ["{value}"])')
        else:
            yield from self._around(found, "concat(", f', ["{value}"])')

    def _variable(self, block: Block, name: str, old: str) -> Iterator[Edit]:
        found = block.get(name)
        member = f"{HANDLER_VARIABLE} = {old}"
        if found is None:
            yield self._at_end(block, [f"{name} = {{", f"  {member}", "}"])
        elif found.kind == "object":
            if any(key == HANDLER_VARIABLE for key, _ in found.members):
                raise EditError(f"its {name} set {HANDLER_VARIABLE} already")
            yield self._append(found, member, [value.end for _, value in found.members])
        else:
            yield from self._around(found, "merge(", f", {{ {member} }})")

    def _append(self, found: Expression, written: str, ends: list[int]) -> Edit:
        """A new last member of a list or object, on a line of its own where the last one is."""
        if not ends:
            return Edit(found.start + 1, "", f" {written} " if found.kind == "object" else written)
        last = found.items[-1].start if found.items else ends[-1]
        line_start = self._text.rfind("\n", 0, last) + 1
        indent = self._text[line_start : len(self._text)]
        indent = indent[: len(indent) - len(indent.lstrip(" \t"))]
        rest = self._text[ends[-1] : found.end]
        if "\n" not in rest:
            return Edit(ends[-1], "", f", {written}")
        comma = "," if found.kind == "tuple" or rest.lstrip().startswith(",") else ""
        position = ends[-1] + (rest.index(",") + 1 if rest.lstrip().startswith(",") else 0)
        if comma and position == ends[-1]:
            return Edit(ends[-1], "", f",{self._newline}{indent}{written}")
        end = self._text.index("\n", position)
        end -= self._text[end - 1] == "\r"
        empty = ""
        if found.kind == "object":
            # `terraform fmt` puts the equals signs of successive lines below each other. A column that is too far left
            # would move the lines above: an empty line ends it.
            name, equals, value = written.partition(" = ")
            column = self._text[line_start : ends[-1]].strip().find(" = ")
            empty = self._newline if 0 <= column < len(name) else ""
            written = f"{name.ljust(column)}{equals}{value}"
        return Edit(end, "", f"{empty}{self._newline}{indent}{written}{comma}")

    def _around(self, found: Expression, before: str, after: str) -> Iterator[Edit]:
        yield Edit(found.start, "", before)
        yield Edit(found.end, "", after)

    def _at_end(self, block: Block, lines: list[str]) -> Edit:
        """New lines at the end of a block, in the indentation of its content."""
        line_start = self._text.rfind("\n", 0, block.start) + 1
        indent = " " * (block.start - line_start + 2)
        brace = self._text.rfind("\n", 0, block.body_end) + 1
        if self._text[brace : block.body_end].strip():
            raise EditError(f"the closing brace of the block at line {block.line} is not on its own line")
        text = "".join(f"{indent}{line}".rstrip() + self._newline for line in lines)
        return Edit(brace, "", text)

    def _role(self, block: Block, notes: list[str]) -> Iterator[Edit]:
        """Attach the policy for traces to the role, if this module has it."""
        role = block.get("role")
        parts = str(role.value).split(".") if role is not None and role.kind == "reference" else []
        if len(parts) != 3 or parts[0] != "aws_iam_role" or parts[2] not in ("arn", "id") or not self._has(parts[1]):
            notes.append(f"its role is not in this module: attach {POLICY} to the role")
            return
        if parts[1] in self._roles or self._is_attached(parts[1]):
            return
        self._roles.add(parts[1])
        lines = (
            f'resource "aws_iam_role_policy_attachment" "{parts[1]}_monitor_tracing" {{',
            f"  role       = aws_iam_role.{parts[1]}.name",
            f'  policy_arn = "arn:aws:iam::aws:policy/{POLICY}"',
            "}",
        )
        start = "" if not self._text or self._text.endswith("\n") else self._newline
        text = start + self._newline + "".join(line + self._newline for line in lines)
        yield Edit(len(self._text), "", text)

    def _has(self, role: str) -> bool:
        blocks = [block for top in self._files.values() for block in top.blocks]
        found = next((one for one in blocks if one.labels == ("aws_iam_role", role)), None)
        return found is not None and found.get("count") is None and found.get("for_each") is None

    def _is_attached(self, role: str) -> bool:
        for block in (one for top in self._files.values() for one in top.blocks):
            policy, refers = block.get("policy_arn"), block.get("role")
            if policy is None or refers is None:
                continue
            if POLICY in str(policy.value) and f"aws_iam_role.{role}." in str(refers.value):
                return True
        return False

    def _written(self, found: Expression) -> str:
        return self._text[found.start : found.end]


def _own_child(block: Block, kind: str) -> Block | None:
    """A block in a block.

    Raises:
        EditError: it is a dynamic one, which may be there or not.
    """
    if any((one.kind, one.labels) == ("dynamic", (kind,)) for one in block.blocks):
        raise EditError(f"its {kind} is a dynamic block")
    return block.child(kind)


def _aligned(lines: list[str]) -> list[str]:
    """Attributes on successive lines with their equals signs below each other, as `terraform fmt` writes them."""
    found: list[str] = []
    for is_single, run in groupby(lines, lambda line: not line.startswith((" ", "}")) and not line.endswith("{")):
        pairs = [line.partition(" = ") for line in run]
        width = max(len(name) for name, _, _ in pairs) if is_single else 0
        found += (f"{name.ljust(width)}{equals}{value}" for name, equals, value in pairs)
    return found
