"""`monitor package`: inspect and build deployment packages."""

import re
from pathlib import Path
from typing import ClassVar

import click

from monitor.console.environment import environment_options, read_environment
from monitor.console.option_rules import JSON, excludes, needs
from monitor.console.options import Count, connection_options, output_option
from monitor.console.output import echo, emit_json, note, progress, style
from monitor.console.settings import Settings, pass_settings
from monitor.console.stacks.stack_option import stack_option
from monitor.console.stacks.template_options import (
    TemplateChoice,
    known,
    python_version,
    template_functions,
    template_options,
)
from monitor.errors import UsageError
from monitor.packages.command_reading import check_connection, is_readable_without_aws, read_options


class _Group(click.Group):
    """Import the module of a subcommand when it is called."""

    _LAZY: ClassVar[dict[str, str]] = {
        "diff": "monitor.packages.command_measure",
        "build": "monitor.packages.command_build",
        "layers": "monitor.packages.command_plan",
        "dockerfile": "monitor.packages.command_plan",
        "split": "monitor.packages.command_plan",
    }

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), *self._LAZY]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._LAZY:
            return super().get_command(ctx, cmd_name)
        from importlib import import_module

        found: click.Command = getattr(import_module(self._LAZY[cmd_name]), f"{cmd_name}_command")
        return found


@click.group(name="package", cls=_Group)
@connection_options
def command() -> None:
    """Inspect, compare, and build deployment packages and layers.

    \b
    monitor package inspect my-function
    monitor package build . -o function.zip --python 3.13
    """


@command.command(name="inspect")
@excludes("--template", "--stack")
@excludes("--imports", "--tree", "--files", "--depth")
@excludes("--files", "--tree")
@excludes(("--tree", "--files"), "--python", "--architecture", "--pythonpath", "--own", hint="they change no sizes")
@excludes(JSON, "--tree", "--files", "--depth", "--top", hint="-o json has every file")
@needs("--depth", "--tree")
@needs(("--env", "--env-file"), "--imports")
@click.argument("subject", metavar="[TARGET|ZIP|DIR|URL|LAYER-ARN]", required=False, shell_complete=template_functions)
@stack_option("subject", required=False)
@template_options
@click.option("--tree", "as_tree", is_flag=True, help="Show a tree of folders and their sizes.")
@click.option("--depth", type=Count(1, 20), default=2, show_default=True, help="Depth of --tree.")
@click.option("--files", "as_files", is_flag=True, help="Show every file.")
@click.option("--top", type=Count(1, 100_000), default=None, help="Show only the N largest entries.")
@click.option("--download", type=click.Path(path_type=Path, file_okay=False), help="Download the zips to this folder.")
@click.option("--python", metavar="3.X", help="Python version of the function, if it cannot be detected.")
@click.option(
    "--architecture",
    type=click.Choice(("x86_64", "arm64")),
    help="Architecture, if it cannot be detected.",
)
@click.option("--pythonpath", metavar="DIR:DIR", help="PYTHONPATH, e.g. /var/task:/var/task/app.")
@click.option("--own", metavar="NAME", multiple=True, help="Top-level module or package of your code. Repeatable.")
@click.option("--imports", "with_imports", is_flag=True, help="Show the import time of each distribution.")
@click.option("--handler", metavar="MODULE.NAME", help="Handler that --imports loads.")
@environment_options
@output_option("text", "json")
@connection_options
@pass_settings
def inspect_command(
    settings: Settings,
    subject: str | None,
    template: TemplateChoice | None,
    as_tree: bool,
    depth: int,
    as_files: bool,
    top: int | None,
    download: Path | None,
    python: str | None,
    architecture: str | None,
    pythonpath: str | None,
    own: tuple[str, ...],
    with_imports: bool,
    handler: str | None,
    environment: tuple[str, ...],
    env_file: Path | None,
    output: str,
) -> None:
    """Show what a function, a zip, a folder, a URL or a layer version contains.

    monitor reads about 3% of a deployed zip; only --download downloads all of it. For a function, --imports reads the
    init records in its log. For a zip, --imports starts the function on this machine under Lambda's runtime interface
    client. With --template, TARGET is a function of the template, and its code folder is shown.

    \b
    monitor package inspect ai-image-analyzer-fastapi --top 10
    monitor package inspect function.zip --tree
    monitor package inspect ApiFunction --template template.yaml
    monitor package inspect my-function --download ./code
    """
    from monitor.packages.workflow import read_package

    if template is not None:
        function = template.one(subject)
        subject = str(known(function, "code folder", function.code))
        python = python or python_version(function)
        architecture = architecture or known(function, "architecture", function.architecture)
        handler = handler or known(function, "handler", function.handler)
    elif subject is None:
        raise click.UsageError("Missing argument 'TARGET|ZIP|DIR|URL|LAYER-ARN'.", click.get_current_context())
    check_connection(subject)
    if download and not subject.startswith(("https://", "http://")) and is_readable_without_aws(subject):
        raise UsageError(f"--download has no effect on {subject}: it is on this machine", "leave --download out")
    variables = read_environment(environment, env_file)
    with progress(f"reading {subject.partition('?')[0]}") as bar:
        options = read_options(
            settings,
            bar,
            python=python,
            architecture=architecture,
            handler=handler,
            pythonpath=pythonpath,
            own=own,
            keep=download,
        )
        report = read_package(subject, options)
    if re.fullmatch(r"[\w-]+", subject) and Path(subject).is_dir():
        note(f"showing the folder {subject}; to inspect the function of that name, use '{subject}:$LATEST'")
    if with_imports:
        from monitor.packages.command_measure import show_times

        show_times(settings, report, subject, handler, variables, output, top)
        return
    if output == "json":
        emit_json(report)
    elif as_files:
        from monitor.packages.render import render_files

        echo(render_files(report, style(), top))
    elif as_tree:
        from monitor.packages.render_tree import render_tree

        echo(render_tree(report, style(), depth, top))
    else:
        from monitor.packages.render import render_package

        echo(render_package(report, style(), top))
