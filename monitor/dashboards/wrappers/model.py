"""A file of another tool, and the dashboards in it."""

from dataclasses import dataclass, field

from monitor.dashboards.model_document import Document


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A value that the other tool fills in, such as `AWS::Region` or `var.stage`."""

    name: str


Parts = tuple[str | Placeholder, ...]
"""A text with placeholders."""


@dataclass(frozen=True, slots=True)
class WrappedDashboard:
    """One dashboard in a file of another tool.

    `name` is the logical id or the address of the resource, `dashboard_name` the name in CloudWatch, if it is known.
    `body` is the text of the body, or the body itself if it is not embedded as text. It is None if the file does not
    contain it; `reason` says why. `pointer` is the JSON pointer of the body in the file.
    """

    name: str
    pointer: str
    dashboard_name: str = ""
    body: Parts | Document | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Wrapper:
    """A file of another tool. `kind` says what it is; `defaults` are the default values of its parameters."""

    kind: str
    dashboards: tuple[WrappedDashboard, ...]
    defaults: dict[str, str | int | float | bool] = field(default_factory=dict)
