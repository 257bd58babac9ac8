"""Rules about options that act together, declared beside the options of a command and checked before it runs.

Without them a command would silently ignore an option that another one overrules. A rule names options as a user types
them: `--by`, `--no-follow`, or with a value, `-o json`. It looks at what was given on the command line, before or after
the command; an option that states its default asks for nothing else, and neither the environment nor the configuration
file makes a refusal.
"""

import functools
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from monitor.console.settings import Settings
from monitor.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])

# The attributes of Settings that the connection options fill; those may also stand before the command.
_CONNECTION = {
    "--profile": "profiles",
    "--region": "regions",
    "--stage": "stage_name",
    "--local": "local",
    "--endpoint-url": "endpoint_url",
}
CONNECTION = tuple(_CONNECTION)
JSON, CSV = "-o json", "-o csv"


def excludes(
    options: str | tuple[str, ...], *others: str, unless: tuple[str, ...] = (), hint: str = ""
) -> Callable[[F], F]:
    """Refuse `others` beside any of `options`, with which they would have no effect, unless one of `unless` is given.

    Raises (when the command runs):
        UsageError: two of them were given.
    """
    first = (options,) if isinstance(options, str) else options

    def check(ctx: click.Context) -> None:
        overruled = next((one for one in others if _is_given(ctx, one)), None)
        ruling = next((one for one in first if _is_given(ctx, one)), None)
        if overruled and ruling and not any(_is_given(ctx, one) for one in unless):
            raise UsageError(f"{overruled} has no effect with {ruling}", hint or "leave one of the two out")

    return _rule(check, (*first, *others, *unless))


def needs(options: str | tuple[str, ...], *any_of: str, hint: str = "") -> Callable[[F], F]:
    """Refuse `options` where none of `any_of` is given, without which they would have no effect.

    Raises (when the command runs):
        UsageError: one was given alone.
    """
    first = (options,) if isinstance(options, str) else options

    def check(ctx: click.Context) -> None:
        alone = next((one for one in first if _is_given(ctx, one)), None)
        if alone and not any(_is_given(ctx, one) for one in any_of):
            add = f"add {any_of[0]}" if len(any_of) == 1 else "add one of them"
            raise UsageError(f"{alone} has no effect without {_either(any_of)}", hint or f"{add}, or leave {alone} out")

    return _rule(check, (*first, *any_of))


def unused(*options: str) -> Callable[[F], F]:
    """Refuse options that many commands take and this one has no use for.

    Raises (when the command runs):
        UsageError: one was given.
    """

    def check(ctx: click.Context) -> None:
        given = next((one for one in options if _is_given(ctx, one)), None)
        if given:
            command = ctx.command_path.partition(" ")[2]
            raise UsageError(f"{given} has no effect on `monitor {command}`", f"leave {given} out")

    return _rule(check, options)


def refuse_beside(what: str, *options: str, hint: str) -> None:
    """Refuse `options` beside `what`, which is not an option: several functions, for example.

    Raises:
        UsageError: one was given.
    """
    ctx = click.get_current_context()
    given = next((one for one in options if _is_given(ctx, one)), None)
    if given:
        raise UsageError(f"{given} has no effect with {what}", hint)


def given_connection() -> str | None:
    """The first of the connection options that the command line has."""
    ctx = click.get_current_context()
    return next((one for one in CONNECTION if _is_given(ctx, one)), None)


def refuse_connection(what: str) -> None:
    """Refuse the connection options, for a command that finds no use for them with `what` it was given.

    Raises:
        UsageError: the command line has one.
    """
    if given := given_connection():
        raise UsageError(f"{given} has no effect on {what}", f"leave {given} out")


def _rule(check: Callable[[click.Context], None], names: Iterable[str]) -> Callable[[F], F]:
    """A decorator that runs `check` before the function; `names` are kept for the test that they exist."""

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def checked(*args: Any, **kwargs: Any) -> Any:
            check(click.get_current_context())
            return function(*args, **kwargs)

        decorated: Any = checked
        decorated.named_options = (*getattr(function, "named_options", ()), *names)
        return decorated  # type: ignore[no-any-return]

    return decorate


def _is_given(ctx: click.Context, name: str) -> bool:
    """Whether the command line has this option, with this value if one is named, and not just its default."""
    option, _, value = name.partition(" ")
    if option in _CONNECTION:
        return bool(getattr(ctx.find_root().ensure_object(Settings), _CONNECTION[option]))
    parameter = find_parameter(ctx.command, option)
    assert parameter is not None, f"{ctx.command_path} has no {option}"
    if ctx.get_parameter_source(str(parameter.name)) is not ParameterSource.COMMANDLINE:
        return False
    found = ctx.params.get(str(parameter.name))
    if value:
        return str(found) == value
    if isinstance(parameter, click.Option) and option in parameter.secondary_opts:
        return found is False
    # Not `in`: 0 is a value, and equals False.
    return not (found is None or found is False or found == () or found == parameter.get_default(ctx))


def find_parameter(command: click.Command, name: str) -> click.Parameter | None:
    """The option of that spelling, or the argument of that metavar, in brackets or not."""
    for one in command.params:
        metavar = (one.metavar or "").strip("[]") if isinstance(one, click.Argument) else None
        if name in (*one.opts, *one.secondary_opts) or metavar == name:
            return one
    return None


def _either(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
