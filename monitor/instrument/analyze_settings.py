"""The four settings that wrap a function, as values: around it, and back again."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

from monitor.errors import RefusedError
from monitor.instrument.model import SettingChange
from monitor.kernel.entry_point import ENTRY_POINT, HANDLER_VARIABLE

STATE_VARIABLE = "MONITOR_INSTRUMENTED"
MAX_LAYERS = 5
MAX_ENVIRONMENT_BYTES = 4096
_STATE_VERSION = 1


@dataclass(frozen=True, slots=True)
class Wrapping:
    """A function's Handler, Environment, Layers (version ARNs, in order) and TracingConfig.

    The variables' values may be secrets: they are in no repr, and leave this only for the API.
    """

    handler: str
    variables: dict[str, str] = field(repr=False)
    layers: tuple[str, ...]
    tracing: str


@dataclass(frozen=True, slots=True)
class State:
    """What `--undo` needs besides the settings themselves. It is stored in the function's environment.

    `layer` and `tracing` are None where nothing was changed; `replaced` holds variables that had another value.
    """

    handler: str
    layer: str | None = None
    tracing: str | None = None
    replaced: dict[str, str] = field(default_factory=dict, repr=False)

    def encode(self) -> str:
        """As the value of a variable."""
        parts: dict[str, Any] = {"v": _STATE_VERSION, "handler": self.handler}
        parts |= {"layer": self.layer, "tracing": self.tracing, "replaced": self.replaced}
        return json.dumps({key: value for key, value in parts.items() if value}, separators=(",", ":"))


def read_wrapping(configuration: dict[str, Any]) -> Wrapping:
    """The settings in a GetFunctionConfiguration answer.

    Raises:
        RefusedError: the variables cannot be read (their KMS key is not ours to use): writing would erase them.
    """
    environment = configuration.get("Environment") or {}
    if error := environment.get("Error"):
        raise RefusedError(
            f"the environment variables cannot be read: {error.get('ErrorCode', '?')}",
            "an update replaces all of them: allow kms:Decrypt on the function's key",
        )
    return Wrapping(
        handler=configuration.get("Handler") or "",
        variables=dict(environment.get("Variables") or {}),
        layers=tuple(layer["Arn"] for layer in configuration.get("Layers") or ()),
        tracing=(configuration.get("TracingConfig") or {}).get("Mode", "PassThrough"),
    )


def is_wrapped(now: Wrapping) -> bool:
    """Whether this command has wrapped it and not undone it."""
    return STATE_VARIABLE in now.variables


def wrap(now: Wrapping, *, layer: str | None, tracing: bool) -> Wrapping:
    """The settings with the entry point around the handler; `tracing`: with active tracing."""
    replaced = {HANDLER_VARIABLE: now.variables[HANDLER_VARIABLE]} if HANDLER_VARIABLE in now.variables else {}
    added = layer if layer and layer not in now.layers else None
    state = State(now.handler, added, now.tracing if tracing and now.tracing != "Active" else None, replaced)
    return Wrapping(
        handler=ENTRY_POINT,
        variables={**now.variables, HANDLER_VARIABLE: now.handler, STATE_VARIABLE: state.encode()},
        layers=(*now.layers, added) if added else now.layers,
        tracing="Active" if tracing else now.tracing,
    )


def unwrap(now: Wrapping) -> Wrapping:
    """The settings without the entry point: what `wrap` changed goes back, what was changed since stays.

    Raises:
        RefusedError: what it wrote down about the function cannot be read any more.
    """
    state = _read_state(now.variables[STATE_VARIABLE])
    # Whoever changed MONITOR_HANDLER since has changed the function's handler.
    handler = now.variables.get(HANDLER_VARIABLE) or state.handler
    kept = {name: value for name, value in now.variables.items() if name not in (HANDLER_VARIABLE, STATE_VARIABLE)}
    unwrapped = replace(now, variables={**kept, **state.replaced})
    if now.handler == ENTRY_POINT:
        unwrapped = replace(unwrapped, handler=handler)
    if state.layer is not None:
        unwrapped = replace(unwrapped, layers=tuple(arn for arn in now.layers if arn != state.layer))
    if state.tracing is not None and now.tracing == "Active":
        unwrapped = replace(unwrapped, tracing=state.tracing)
    return unwrapped


def _read_state(text: str) -> State:
    try:
        parts = json.loads(text)
        if parts["v"] != _STATE_VERSION:
            raise RefusedError(
                f"{STATE_VARIABLE} was written by another version of monitor ({parts['v']})",
                "use that version to undo it",
            )
        return State(parts["handler"], parts.get("layer"), parts.get("tracing"), dict(parts.get("replaced") or {}))
    except (ValueError, KeyError, TypeError) as error:
        raise RefusedError(
            f"{STATE_VARIABLE} was changed by hand and cannot be read",
            "set Handler, Layers and TracingConfig back yourself, and remove the MONITOR_ variables",
        ) from error


def environment_bytes(variables: dict[str, str]) -> int:
    """How large Lambda counts an environment: as one JSON object (its own error says `String measured`)."""
    return len(json.dumps(variables, separators=(",", ":"), ensure_ascii=False).encode())


def changes(before: Wrapping, after: Wrapping) -> tuple[SettingChange, ...]:
    """What differs, with no value of a variable that is not monitor's."""
    found = []
    if before.handler != after.handler:
        found.append(SettingChange("Handler", before.handler, after.handler))
    for name in sorted({*before.variables, *after.variables}):
        old, new = before.variables.get(name), after.variables.get(name)
        if old != new:
            found.append(SettingChange("Environment", old, new, name))
    found += [SettingChange("Layers", arn, None) for arn in before.layers if arn not in after.layers]
    found += [SettingChange("Layers", None, arn) for arn in after.layers if arn not in before.layers]
    if before.tracing != after.tracing:
        found.append(SettingChange("TracingConfig", before.tracing, after.tracing))
    return tuple(found)


def parameters(before: Wrapping, after: Wrapping) -> dict[str, Any]:
    """What UpdateFunctionConfiguration is to be given: what changes, and nothing else."""
    wanted: dict[str, Any] = {}
    if before.handler != after.handler:
        wanted["Handler"] = after.handler
    if before.variables != after.variables:
        wanted["Environment"] = {"Variables": after.variables}
    if before.layers != after.layers:
        wanted["Layers"] = list(after.layers)
    if before.tracing != after.tracing:
        wanted["TracingConfig"] = {"Mode": after.tracing}
    return wanted


def is_in_force(wanted: dict[str, Any], configuration: dict[str, Any]) -> bool:
    """Whether a function's configuration has everything that `parameters` asked for."""
    now = read_wrapping(configuration)
    found = {
        "Handler": now.handler,
        "Environment": {"Variables": now.variables},
        "Layers": list(now.layers),
        "TracingConfig": {"Mode": now.tracing},
    }
    return all(found[name] == value for name, value in wanted.items())
