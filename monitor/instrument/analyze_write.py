"""Wrapping functions in YAML and JSON templates: SAM, CloudFormation and Serverless."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from monitor.instrument.model_write import Wish
from monitor.kernel.entry_point import ENTRY_POINT, HANDLER_VARIABLE
from monitor.templates import serverless
from monitor.templates.cloudformation import SAM_FUNCTION, written_pair
from monitor.templates.edits import Edit, EditError, NodeEditor, Raw
from monitor.templates.model import Format, TemplateFunction
from monitor.templates.nodes import Node, plain
from monitor.templates.values import mapping

POLICY = "AWSXRayDaemonWriteAccess"
_ROLE = "AWS::IAM::Role"
_ARN = {"Fn::Sub": f"arn:${{AWS::Partition}}:iam::aws:policy/{POLICY}"}


class NodeWriter:
    """Plans the edits of a template. Roles that several functions share are changed once."""

    def __init__(self, text: str, root: Node, written: Format, *, is_json: bool) -> None:
        self.text = text
        self.root = root
        self.format = written
        self._editor = NodeEditor(text, is_json=is_json)
        self._roles: set[str] = set()

    def edits(self, function: TemplateFunction, wish: Wish, notes: list[str]) -> Iterator[Edit]:
        """The edits that wrap a function.

        Raises:
            EditError: something is written in a form that cannot be changed safely.
        """
        keys = self._keys(function)
        settings = self._settings(function)
        own, shared = settings.pair(keys.handler), self._shared(keys)
        inherited = shared.get(keys.handler) if shared is not None else None
        if own is not None:
            old = self._editor.written(own[1])
            yield self._editor.replace(own[1], ENTRY_POINT)
        elif merged := settings.merged(keys.handler):
            raise EditError(f"its {keys.handler} comes from the anchor at line {merged.line}")
        elif inherited is not None:
            old = self._editor.written(inherited)
            yield self._editor.put(settings, keys.handler, ENTRY_POINT)
        else:
            raise EditError(f"it has no {keys.handler} in this file")
        yield self._put(settings, keys.variables, {HANDLER_VARIABLE: Raw(old)})
        if wish.layer is not None and wish.layer not in function.layers:
            yield self._layer(settings, shared, keys, wish.layer)
        if wish.tracing and function.tracing != "Active":
            yield self._set(settings, keys.tracing, "Active")
            yield from self._role(settings, notes)

    def _settings(self, function: TemplateFunction) -> Node:
        if self.format is Format.SERVERLESS:
            found = serverless.written_node(self.root, function.id)
        else:
            found = self._resource(function, "Properties")
        if found is None or found.kind != "mapping" or found.tag:
            raise EditError("it is not written out in this file")
        return found

    def _resource(self, function: TemplateFunction, name: str) -> Node | None:
        pair = written_pair(self.root, function)
        return pair[1].get(name) if pair else None

    def _keys(self, function: TemplateFunction) -> "_Keys":
        if self.format is Format.SERVERLESS:
            return _SERVERLESS
        kind = self._resource(function, "Type")
        return _SAM if kind is not None and kind.value == SAM_FUNCTION else _CLOUDFORMATION

    def _shared(self, keys: "_Keys") -> Node | None:
        """The settings that all functions inherit."""
        if keys is _SERVERLESS:
            return self.root.get("provider")
        return self.root.get("Globals", "Function") if keys is _SAM else None

    def _put(self, node: Node, path: tuple[str, ...], value: dict[str, Any]) -> Edit:
        """Add a member at a path, and whatever of the path is not there."""
        name, *rest = path
        pair = node.pair(name)
        if pair is None:
            for step in reversed(rest):
                value = {step: value}
            return self._editor.put(node, name, value)
        key, found = pair
        if found.kind == "scalar" and found.value is None and not found.tag:
            for step in reversed(rest):
                value = {step: value}
            return self._editor.fill(key, found, value)
        if rest:
            return self._put(found, tuple(rest), value)
        ((member, item),) = value.items()
        if found.get(member) is not None:
            raise EditError(f"line {found.line} sets {member} already")
        return self._editor.put(found, member, item)

    def _set(self, node: Node, path: tuple[str, ...], value: str) -> Edit:
        parent = node.get(*path[:-1])
        pair = parent.pair(path[-1]) if parent is not None else None
        if pair is not None:
            return self._editor.replace(pair[1], value)
        if len(path) == 1:
            return self._editor.put(node, path[0], value)
        return self._put(node, path[:-1], {path[-1]: value})

    def _layer(self, settings: Node, shared: Node | None, keys: "_Keys", layer: str) -> Edit:
        pair = settings.pair(keys.layers)
        if pair is not None and not pair[1].is_empty:
            return self._editor.append(pair[1], layer)
        inherited = shared.get(keys.layers) if shared is not None and self.format is Format.SERVERLESS else None
        # Serverless replaces the provider's layers by those of the function; SAM joins both.
        before = list(_inherited(inherited)) if inherited is not None else []
        if pair is not None:
            return self._editor.fill(*pair, [*before, layer])
        return self._editor.put(settings, keys.layers, [*before, layer])

    def _role(self, settings: Node, notes: list[str]) -> Iterator[Edit]:
        """Allow the role to send traces, where the tool does not do it by itself."""
        if self.format is Format.SERVERLESS:
            paths = (("role",), ("iam", "role"))
            places = [settings.get("role"), *(self.root.get("provider", *path) for path in paths)]
            # Serverless lets the role that it makes send traces; a name or an ARN is another role.
            if any(one is not None and (one.kind == "scalar" or one.tag) for one in places):
                notes.append(f"it has its own role: attach {POLICY} to that role")
            return
        role = settings.get("Role")
        if role is None:
            return
        name = _referred(plain(role))
        found = self.root.get("Resources", name) if name else None
        kind = found.get("Type") if found is not None else None
        if name is None or found is None or kind is None or kind.value != _ROLE:
            notes.append(f"its role is not in this file: attach {POLICY} to the role")
            return
        written = self.text[found.start : found.end]
        if name in self._roles or "XRay" in written or "xray:" in written:
            return
        self._roles.add(name)
        try:
            yield self._policy(found.get("Properties"))
        except EditError as error:
            notes.append(f"attach {POLICY} to the role {name}: {error}")

    def _policy(self, properties: Node | None) -> Edit:
        if properties is None:
            raise EditError("it has no Properties")
        policies = properties.pair("ManagedPolicyArns")
        if policies is None:
            return self._editor.put(properties, "ManagedPolicyArns", [_ARN])
        if policies[1].is_empty:
            return self._editor.fill(*policies, [_ARN])
        return self._editor.append(policies[1], _ARN)


@dataclass(frozen=True, slots=True)
class _Keys:
    handler: str
    variables: tuple[str, ...]
    layers: str
    tracing: tuple[str, ...]


_AWS = ("Environment", "Variables")
_SAM = _Keys("Handler", _AWS, "Layers", ("Tracing",))
_CLOUDFORMATION = _Keys("Handler", _AWS, "Layers", ("TracingConfig", "Mode"))
_SERVERLESS = _Keys("handler", ("environment",), "layers", ("tracing",))


def _inherited(layers: Node) -> Iterator[Any]:
    found = plain(layers)
    if not isinstance(found, list):
        raise EditError(f"the layers of the provider, at line {layers.line}, are not a list")
    yield from found


def _referred(value: Any) -> str | None:
    """The resource that a role refers to."""
    match value:
        case {"Fn::GetAtt": [str() as name, "Arn"]}:
            return name
        case {"Fn::GetAtt": str() as name}:
            return name.removesuffix(".Arn")
        case {"Fn::Sub": str() as written} if written.startswith("${") and written.endswith(".Arn}"):
            return written[2:-5]
    return None


def others(document: Any, chosen: set[str], roles: bool) -> Any:
    """The document without the functions that are chosen, and without roles: what an edit must leave as it is."""
    if not isinstance(document, dict):
        return document
    found = dict(document)
    for table in ("Resources", "functions"):
        if isinstance(entries := found.get(table), dict):
            found[table] = {name: one for name, one in entries.items() if not _is_changed(name, one, chosen, roles)}
        elif isinstance(entries, list):
            found[table] = [
                {name: one for name, one in mapping(entry).items() if name not in chosen} for entry in entries
            ]
    return found


def _is_changed(name: str, resource: Any, chosen: set[str], roles: bool) -> bool:
    return name in chosen or (roles and mapping(resource).get("Type") == _ROLE)
