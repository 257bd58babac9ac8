"""The user's consent to a project's file: asked once for each path and content, and remembered.

A repository that was cloned brings its own `monitor.toml`. Its `endpoint_url` would receive requests signed with the
user's credentials, session token included; its `profile` and `region` would choose the account that a command changes.
"""

import hashlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from monitor.console.config import DISPLAY, ConfigFile, user_file_path
from monitor.errors import UsageError
from monitor.kernel.jsonable import jsonable

_FLAGS = {"profile": "--profile", "region": "--region", "endpoint_url": "--endpoint-url", "stage": "--profile"}


def has_consent(project: ConfigFile) -> bool:
    """Whether the user has agreed to what this file sets."""
    return _known().get(str(project.path)) == _digest(project)


def require_consent(project: ConfigFile, names: Iterable[str]) -> None:
    """Return where the user agrees, now or earlier, that the settings of this file apply; `names` are those needed.

    Raises:
        UsageError: the user does not agree, or nobody can be asked.
    """
    if has_consent(project):
        return
    from monitor.console.text import clean

    values = jsonable(project.config)
    assert isinstance(values, dict)
    asked = sorted(project.given - DISPLAY)
    told = ", ".join(f"{name} = {json.dumps(values[name], ensure_ascii=False)}" for name in asked)
    if sys.stdin.isatty() and sys.stderr.isatty():
        click.echo(clean(f"monitor: {project.path} sets {told}"), err=True)
        if click.confirm("Requests are signed with your credentials. Use these settings from now on?", err=True):
            _remember(project)
            return
    names = sorted(names)
    flags = " and ".join(_FLAGS[name] for name in names)
    raise UsageError(
        f"{project.path} sets {' and '.join(names)}, which a project file does only with your consent",
        f"give {flags}, set it in {user_file_path()}, or run the command in a terminal to be asked",
    )


def _path() -> Path:
    return user_file_path().with_name("consents.json")


def _digest(project: ConfigFile) -> str:
    """What the consent is for: another value of any of these settings is asked about again."""
    values = jsonable(project.config)
    assert isinstance(values, dict)
    content = {name: value for name, value in values.items() if name not in DISPLAY}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _known() -> dict[str, str]:
    try:
        document = json.loads(_path().read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        # Without a readable list nothing was agreed to.
        return {}
    return document if isinstance(document, dict) else {}


def _remember(project: ConfigFile) -> None:
    from monitor.console.files import write_file

    path = _path()
    document = {**_known(), str(project.path): _digest(project)}
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{path.parent} cannot be created: {error.strerror}", "set XDG_CONFIG_HOME") from error
    write_file(path, json.dumps(document, indent=1) + "\n", private=True)
