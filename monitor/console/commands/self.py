"""`monitor self`: versions and paths, for a bug report."""

from typing import Any

import click

from monitor.console.options import output_option

_LIBRARIES = (
    "boto3",
    "botocore",
    "aws-lambda-powertools",
    "aws-xray-sdk",
    "click",
    "rich",
    "ministack",
    "awslambdaric",
)


@click.command(name="self")
@output_option("text", "json")
def command(output: str) -> None:
    """Print versions and paths of this installation, for a bug report.

    The output contains no credentials, environment variable values, or account names. Paths can contain your user
    name.

    \b
    monitor self
    monitor self -o json > monitor-self.json
    """
    from monitor.console.output import echo, emit_json

    found = _facts()
    if output == "json":
        emit_json(found)
        return
    width = max(map(len, found))
    for name, value in found.items():
        text = ", ".join(value) if isinstance(value, list) else value
        echo(f"{name:<{width}}  {text or '-'}")


def _facts() -> dict[str, Any]:
    import os
    import platform
    import sys
    from importlib.metadata import PackageNotFoundError, version
    from pathlib import Path

    from monitor import __version__
    from monitor.console.config import user_file_path

    def installed(name: str) -> str:
        try:
            return version(name)
        except PackageNotFoundError:
            return "not installed"

    own = user_file_path()
    return {
        "monitor": __version__,
        "python": f"{platform.python_version()} ({platform.python_implementation()})",
        "platform": platform.platform(),
        **{name: installed(name) for name in _LIBRARIES},
        "installed in": str(Path(__file__).resolve().parents[2]),
        "interpreter": sys.executable,
        "configuration": f"{own}{'' if own.is_file() else ' (not there)'}",
        "terminal": f"{os.environ.get('TERM', '')}, stdout is {'a' if sys.stdout.isatty() else 'not a'} terminal",
        # Names alone: values can be secrets.
        "variables": sorted(name for name in os.environ if name.startswith(("AWS_", "MONITOR_"))),
    }
