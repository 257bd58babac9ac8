"""What instrumenting functions in a template changes."""

from dataclasses import dataclass

from monitor.templates.edits import Edit
from monitor.templates.model import TemplateFunction


@dataclass(frozen=True, slots=True)
class Wish:
    """How to wrap: the ARN of the layer with the runtime, and whether to turn active tracing on."""

    layer: str | None = None
    tracing: bool = True


@dataclass(frozen=True, slots=True)
class Written:
    """The edits for one function, and notes about them; `reason` and `hint` say why it is refused."""

    function: TemplateFunction
    edits: tuple[Edit, ...] = ()
    notes: tuple[str, ...] = ()
    reason: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class WritePlan:
    """A template before and after; `notes` are about all functions."""

    file: str
    before: str
    after: str
    functions: tuple[Written, ...]
    edits: tuple[Edit, ...] = ()
    notes: tuple[str, ...] = ()
