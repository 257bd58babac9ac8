"""What a template says about its functions."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from monitor.kernel.missing import Missing

Text = str | Missing
Number = int | Missing


class Format(StrEnum):
    """The kinds of templates."""

    SAM = "SAM"
    CLOUDFORMATION = "CloudFormation"
    CDK = "CDK"
    SERVERLESS = "Serverless"
    TERRAFORM_PLAN = "Terraform plan"
    TERRAFORM_STATE = "Terraform state"
    TERRAFORM = "Terraform"


@dataclass(frozen=True, slots=True)
class TemplateFunction:
    """A function as a template describes it. A value that is known only at deployment is Missing, with the reason.

    `id` is its logical ID (`Child/Api` in a nested stack), its key in serverless.yml, or its address in Terraform.
    `code` is the folder or zip of its code on this machine. The values of variables may be secrets.
    """

    id: str
    name: Text
    code: Path | Missing
    handler: Text
    runtime: Text
    architecture: Text
    memory_mb: Number
    timeout_s: Number
    layers: tuple[Text, ...]
    variables: dict[str, Text] | Missing = field(repr=False)
    tracing: Text
    is_image: bool
    file: Path
    line: int = 1
    construct: str = ""
    """The path of a CDK construct."""
    region: str = ""
    """The Region that it is deployed to; empty where the template does not say it."""
    shared: str = ""
    """The place of what is written once for several functions: a block with for_each, or the body of a loop."""

    @property
    def is_python(self) -> bool:
        """Whether its runtime is Python, as far as the template says."""
        return isinstance(self.runtime, str) and self.runtime.startswith("python")


@dataclass(frozen=True, slots=True)
class Template:
    """A template and its functions; `notes` say what could not be read.

    `parameters` are the names that it declares for values from outside; None where any name can be one.
    """

    format: Format
    path: Path
    functions: tuple[TemplateFunction, ...]
    notes: tuple[str, ...] = ()
    parameters: frozenset[str] | None = None
