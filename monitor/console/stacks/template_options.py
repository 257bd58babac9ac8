"""`--template FILE`: what a command needs to know about a function, from the file that people deploy it with."""

import functools
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from monitor.errors import MonitorError, NotFoundError, UsageError
from monitor.kernel.missing import Missing
from monitor.kernel.pairs import parse_pairs

if TYPE_CHECKING:
    from monitor.templates.model import Template, TemplateFunction

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TemplateChoice:
    """--template and --parameter."""

    path: Path
    given: dict[str, str]

    def read(self) -> "Template":
        """The template; what could not be read is told on stderr.

        Raises:
            UsageError: it cannot be read, or is not a template.
        """
        from monitor.console.output import note
        from monitor.console.stacks.template_files import read_template

        found = read_template(self.path, self.given)
        self._check_given(found)
        for text in found.notes:
            note(f"note: {text}")
        return found

    def _check_given(self, template: "Template") -> None:
        from difflib import get_close_matches

        known = template.parameters
        unknown = next((name for name in self.given if known is not None and name not in known), None)
        if known is None or unknown is None:
            return
        near = get_close_matches(unknown, known, n=1)
        declared = sorted(name for name in known if "::" not in name)
        listed = f"it has {', '.join(declared[:10])}" if declared else "leave --parameter out"
        raise UsageError(f"{self.path} has no parameter {unknown!r}", f"did you mean {near[0]!r}?" if near else listed)

    def functions(self, targets: Sequence[str]) -> "list[TemplateFunction]":
        """The functions that `targets` name by ID, name or glob; all without targets.

        Raises:
            NotFoundError: the template has no such function.
        """
        return self.chosen(self.read(), targets)

    def chosen(self, template: "Template", targets: Sequence[str]) -> "list[TemplateFunction]":
        """The functions of a template that was read. Raises as `functions` does."""
        found = template.functions
        if not found:
            raise NotFoundError(f"{self.path} has no function", "check --template")
        if not targets:
            return list(found)
        chosen = [(text, [one for one in found if _is_named(one, text)]) for text in targets]
        missing = next((text for text, matched in chosen if not matched), None)
        if missing is not None:
            raise NotFoundError(f"{self.path} has no function {missing!r}", f"its functions: {_ids(found)}")
        return list({one.id: one for _, matched in chosen for one in matched}.values())

    def one(self, target: str | None = None) -> "TemplateFunction":
        """The function that `target` names, or the only one.

        Raises:
            UsageError: there are several.
            NotFoundError: the template has no such function.
        """
        found = self.functions([target] if target else [])
        if len(found) > 1 and target is None:
            found = [one for one in found if one.is_python] or found
        if len(found) > 1:
            raise UsageError(f"{self.path} has {len(found)} functions", f"name one of them: {_ids(found)}")
        return found[0]

    def names(self, targets: Sequence[str]) -> tuple[str, ...]:
        """The names that functions have in the account.

        Raises:
            UsageError: a name is known only at deployment.
        """
        return tuple(known(one, "name", one.name) for one in self.functions(targets))


def known(function: "TemplateFunction", what: str, value: T | Missing) -> T:
    """A value that a command needs.

    Raises:
        UsageError: the template does not have it; the message says why.
    """
    if isinstance(value, Missing):
        reason, _, hint = value.reason.partition(": give ")
        raise UsageError(f"the {what} of {function.id} is not known: {reason}", f"give {hint}" if hint else "")
    return value


def known_variables(function: "TemplateFunction") -> dict[str, str]:
    """The environment variables whose values the template has."""
    if isinstance(function.variables, Missing):
        return {}
    return {name: value for name, value in function.variables.items() if isinstance(value, str)}


def python_version(function: "TemplateFunction") -> str:
    """The runtime's version of Python, such as 3.13.

    Raises:
        UsageError: its runtime is not known, or not Python.
    """
    runtime = known(function, "runtime", function.runtime)
    if not function.is_python:
        raise UsageError(f"{function.id} runs on {runtime}, not on Python", "name a Python function")
    return runtime.removeprefix("python")


def local_name(function: "TemplateFunction") -> str:
    """A name for the function on this machine: its own, or its ID in the characters of a name."""
    name = function.name if isinstance(function.name, str) else function.id
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[-64:]


def tell_unknown(function: "TemplateFunction", variables: Collection[str]) -> None:
    """Say which environment variables have values that only a deployment knows."""
    from monitor.console.output import note

    if isinstance(function.variables, Missing):
        note(f"note: the environment variables of {function.id} are not known: {function.variables.reason}")
        return
    for name, value in function.variables.items():
        if isinstance(value, Missing) and name not in variables:
            note(f"note: {name} is not set: {value.reason}, or give --env {name}=VALUE")


def _is_named(one: "TemplateFunction", text: str) -> bool:
    block = one.shared.rpartition("/")[2]
    names = [
        one.id,
        one.id.rpartition("/")[2],
        *([block] if block else []),
        *([one.name] if isinstance(one.name, str) else []),
    ]
    return any(text == name or fnmatchcase(name, text) for name in names)


def _ids(found: "Sequence[TemplateFunction]") -> str:
    shown = ", ".join(one.id for one in found[:12])
    return f"{shown}, and {len(found) - 12} more" if len(found) > 12 else shown


def template_functions(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """The functions of --template, for an argument's `shell_complete`; none without it."""
    from monitor.console.complete import safe_names
    from monitor.console.stacks.template_files import read_template

    path = ctx.params.get("template")
    if path is None:
        return []
    try:
        found = read_template(Path(path), parse_pairs(ctx.params.get("parameters") or (), "--parameter", "Stage=prod"))
    except MonitorError:
        return []
    return safe_names([one.id for one in found.functions], incomplete)


def template_options(function: F) -> F:
    """Add --template and --parameter, passed to the command as one argument `template` (None without --template).

    Raises (when the command runs):
        UsageError: --parameter stands alone, or is not NAME=VALUE.
    """

    @functools.wraps(function)
    def gathered(*args: Any, template: Path | None, parameters: tuple[str, ...], **kwargs: Any) -> Any:
        # `instrument --write` names a template too.
        if parameters and template is None and not kwargs.get("written"):
            raise UsageError("--parameter has no effect without --template", "add --template, or leave --parameter out")
        given = parse_pairs(parameters, "--parameter", "Stage=prod")
        choice = None if template is None else TemplateChoice(template, given)
        return function(*args, template=choice, **kwargs)

    decorated: Any = gathered
    for option in (
        click.option(
            "--parameter",
            "parameters",
            metavar="NAME=VALUE",
            multiple=True,
            help="With --template: the value of a parameter, option or variable. Repeatable.",
        ),
        click.option(
            "--template",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Read the function from a template: SAM, CloudFormation, cdk.out, serverless.yml, or Terraform "
            "(.tf files, or `show -json` of a plan or state).",
        ),
    ):
        decorated = option(decorated)
    result: F = decorated
    return result
