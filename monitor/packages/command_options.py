"""The options of the commands that build packages."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from monitor.console.output import note
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.packages.building.recipe import Recipe

F = TypeVar("F", bound=Callable[..., Any])


def checked_python(version: str | None) -> str | None:
    """Return `3.13` for `3.13` or `python3.13`.

    Raises:
        UsageError: `version` is not a minor version of Python 3.
    """
    if version is None:
        return None
    plain = version.removeprefix("python")
    if not re.fullmatch(r"3\.\d{1,2}", plain):
        raise UsageError(f"--python takes a minor version, not {version!r}", "for example --python 3.13")
    return plain


def _all(*options: Callable[[F], F]) -> Callable[[F], F]:
    def add(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return add


target_options = _all(
    click.option(
        "--python", metavar="3.X", help="Python version of the function.  [default: the version that runs monitor]"
    ),
    click.option(
        "--architecture",
        type=click.Choice(("x86_64", "arm64")),
        default="x86_64",
        show_default=True,
        help="Architecture of the function.",
    ),
)
requirement_options = _all(
    click.option(
        "--requirements",
        type=click.Path(path_type=Path, dir_okay=False),
        help="File that declares the dependencies: requirements.txt, a lock file, pyproject.toml, or Pipfile.  "
        "[default: the one in DIR]",
    ),
    click.option(
        "--extra", "extras", metavar="NAME", multiple=True, help="Install the dependencies of this extra too."
    ),
    click.option("--group", "groups", metavar="NAME", multiple=True, help="Install this dependency group too."),
)
install_options = _all(
    click.option(
        "--installer",
        type=click.Choice(("auto", "uv", "pip", "here")),
        default="auto",
        show_default=True,
        help="auto: uv if it is installed, else pip. here: copy the distributions of this environment.",
    ),
    click.option(
        "--no-build-code",
        is_flag=True,
        help="Do not run code from the project or from source distributions; install only wheels.",
    ),
    click.option("--follow-links", is_flag=True, help="Follow symbolic links that point outside DIR."),
    click.option("--no-check", is_flag=True, help="Build even if dependencies conflict."),
)
strip_option = click.option(
    "--strip",
    type=click.Choice(("none", "safe", "tried")),
    default="safe",
    show_default=True,
    help="Leave out files of dependencies. safe: only files that cannot be needed. tried: also tests, stubs, sources "
    "and documentation, if every module still imports in the same way without them.",
)


def recipe_of(
    *,
    python: str | None,
    architecture: str,
    installer: str,
    requirements: Path | None,
    extras: tuple[str, ...],
    groups: tuple[str, ...],
    no_build_code: bool,
    follow_links: bool,
    no_check: bool,
    **more: Any,
) -> "Recipe":
    """The recipe that the options describe."""
    from monitor.packages.building.declared import Choice
    from monitor.packages.building.recipe import HERE, Recipe

    return Recipe(
        python=checked_python(python) or HERE,
        architecture=architecture,
        installer=installer,
        choice=Choice(requirements, extras, groups),
        allow_build=not no_build_code,
        follow_links=follow_links,
        check=not no_check,
        say=note,
        **more,
    )
