"""`monitor config`: which settings apply, where they come from, and changing the user's own."""

from dataclasses import fields
from tomllib import TOMLDecodeError
from typing import TYPE_CHECKING, Any

import click

from monitor.console.options import output_option
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.console.config import ConfigFile

# Environment variables that win over the files.
_VARIABLES = {
    "since": ("MONITOR_SINCE",),
    "output": ("MONITOR_OUTPUT",),
    "local": ("MONITOR_LOCAL",),
    "region": ("AWS_REGION", "AWS_DEFAULT_REGION"),
    "profile": ("AWS_PROFILE",),
    "endpoint_url": ("AWS_ENDPOINT_URL",),
}
_CHANGEABLE = (
    "since",
    "output",
    "utc",
    "local",
    "pager",
    "links",
    "hints",
    "region",
    "profile",
    "endpoint_url",
    "ask_above_usd",
)


@click.group(name="config")
def command() -> None:
    """Show and change the settings of the configuration files."""


@command.command(name="path")
def path_command() -> None:
    """Print the path of the user configuration file, whether it exists or not."""
    from monitor.console.config import user_file_path
    from monitor.console.output import echo

    echo(str(user_file_path()))


@command.command(name="show")
@output_option("text", "json")
def show_command(output: str) -> None:
    """Show all configured settings, their values, and where they come from.

    \b
    monitor config show
    monitor config show -o json
    """
    from monitor.console.config import load_project, load_user
    from monitor.console.output import echo, emit_json, note
    from monitor.console.text import clean

    rows = list(_rows(load_project(), load_user()))
    if output == "json":
        emit_json(rows)
    elif rows:
        width = max(len(row["setting"]) for row in rows)
        for row in rows:
            value = str(row["value"]).lower() if isinstance(row["value"], bool) else str(row["value"])
            echo(f"{row['setting']:<{width}}  {clean(value)}  ({clean(row['from'])})")
    else:
        note("nothing is set: `monitor config set region eu-west-1` sets a default Region")


@command.command(name="set")
@click.argument("name", metavar="NAME", type=click.Choice(_CHANGEABLE))
@click.argument("value", metavar="VALUE")
def set_command(name: str, value: str) -> None:
    """Set NAME to VALUE in the user configuration file. Comments and other settings stay as they are.

    \b
    monitor config set region eu-west-1
    monitor config set utc true
    monitor config set ask_above_usd 5
    """
    from monitor.console.config import checked_value, user_file_path
    from monitor.console.config_text import with_setting
    from monitor.console.files import write_file
    from monitor.console.output import note
    from monitor.kernel.encodings import decode_text

    path = user_file_path()
    found = checked_value(name, value)
    try:
        text = decode_text(path.read_bytes()).replace("\r\n", "\n") if path.exists() else ""
        changed = with_setting(text, name, found)
    except (OSError, UnicodeDecodeError, TOMLDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}", "correct the file, or remove it") from error
    except ValueError as error:
        raise UsageError(f"{name} in {path} cannot be changed by one line", "change the file in an editor") from error
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_file(str(path), changed.encode())
    note(f"set {name} in {path}")


def _rows(project: "ConfigFile | None", own: "ConfigFile | None") -> "list[dict[str, Any]]":
    import os

    from monitor.console.config import DISPLAY, Config
    from monitor.console.consent import has_consent
    from monitor.kernel.secrets import without_secrets

    rows: list[dict[str, Any]] = []
    for name in (one.name for one in fields(Config)):
        variable = next((one for one in _VARIABLES.get(name, ()) if os.environ.get(one)), None)
        if variable:
            rows.append({"setting": name, "value": without_secrets(os.environ[variable]), "from": variable})
        elif project and name in project.given:
            applies = name in DISPLAY or has_consent(project)
            limit = ", for commands that only read" if name == "region" else ", which needs your consent"
            rows.append(
                {"setting": name, "value": _shown(project, name), "from": f"{project.path}{limit * (not applies)}"}
            )
        elif own and name in own.given:
            rows.append({"setting": name, "value": _shown(own, name), "from": str(own.path)})
    return rows


def _shown(file: "ConfigFile", name: str) -> Any:
    from monitor.kernel.secrets import without_secrets

    value = getattr(file.config, name)
    return sorted(value) if name == "stage" else without_secrets(value) if isinstance(value, str) else value
