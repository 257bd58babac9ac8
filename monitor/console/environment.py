"""The environment variables of a function that a command starts: --env and --env-file."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from monitor.errors import UsageError
from monitor.kernel.dotenv import parse_dotenv
from monitor.kernel.encodings import decode_text
from monitor.kernel.pairs import parse_pairs

F = TypeVar("F", bound=Callable[..., Any])
_LARGEST_BYTES = 1 << 20


def environment_options(function: F) -> F:
    """Add --env and --env-file."""
    file = click.option(
        "--env-file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Read the function's environment variables from this file, NAME=VALUE on each line.",
    )
    pairs = click.option(
        "--env",
        "environment",
        metavar="NAME=VALUE",
        multiple=True,
        help="Environment variable of the function; overrides --env-file. Repeatable.",
    )
    return pairs(file(function))


def read_environment(environment: Sequence[str], env_file: Path | None) -> dict[str, str]:
    """The variables of both options.

    Raises:
        UsageError: the file cannot be read, or a variable is not NAME=VALUE.
    """
    found: dict[str, str] = {}
    if env_file is not None:
        try:
            with env_file.open("rb") as file:
                text = decode_text(file.read(_LARGEST_BYTES), "replace")
        except OSError as error:
            raise UsageError(f"{env_file} cannot be read: {error.strerror}", "check --env-file") from error
        found = parse_dotenv(text, str(env_file))
    return found | parse_pairs(environment, "--env", "TABLE=images")
