"""`monitor dashboard`: CloudWatch dashboards and alarms as code."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.console.option_rules import CONNECTION, excludes, needs, unused
from monitor.console.options import complete_dashboards, connection_options, output_option
from monitor.console.output import echo, emit_json, note, style, suggest
from monitor.console.settings import Settings, pass_settings
from monitor.dashboards.command_deploy import delete, deploy, difference
from monitor.dashboards.command_export import export
from monitor.dashboards.command_options import set_option, wrapped_option
from monitor.dashboards.command_render import in_file, render
from monitor.errors import CheckFailedError, NotFoundError, UsageError
from monitor.kernel.encodings import decode_text

if TYPE_CHECKING:
    from monitor.dashboards.model import DashboardView


@click.group(name="dashboard")
@connection_options
def command() -> None:
    """Manage CloudWatch dashboards as code.

    \b
    monitor dashboard deploy --function my-function        deploy its cold-start dashboard
    monitor dashboard list --templates                     list the built-in templates
    monitor dashboard validate dashboards/*.json
    """


command.add_command(deploy)
command.add_command(difference)
command.add_command(delete)
command.add_command(render)
command.add_command(export)


@command.command(name="list", short_help="List dashboards or templates.")
@excludes("--templates", *CONNECTION, "--utc")
@click.option("--templates", is_flag=True, help="List the built-in templates; does not call AWS.")
@click.option("--prefix", metavar="PREFIX", default="", help="Only names that start with PREFIX.")
@click.option("--utc", is_flag=True, help="Show times in UTC.")
@output_option("text", "json")
@connection_options
@pass_settings
def list_(settings: Settings, templates: bool, prefix: str, utc: bool, output: str) -> None:
    """List the dashboards in the account, or the built-in templates.

    \b
    monitor dashboard list --prefix ai-
    """
    from monitor.dashboards.render import render_list, render_templates

    if templates:
        from monitor.dashboards.body.builtin import templates as builtin_templates

        infos = [one.info for one in builtin_templates() if one.info.name.startswith(prefix)]
        emit_json(infos) if output == "json" else echo(render_templates(infos, style()))
        return
    from monitor.aws.dashboards import list_dashboards

    connection = settings.connection()
    found = list(list_dashboards(connection, prefix))
    if output == "json":
        emit_json(found)
    else:
        echo(render_list(found, style(), utc=utc, region=connection.region))
    if found:
        suggest(["monitor", "dashboard", "show", found[0].name], "what is on one")


@command.command(short_help="Show the outline or body of a dashboard.")
@excludes("--in", *CONNECTION)
@click.argument("name", required=False, shell_complete=complete_dashboards)
@wrapped_option
@output_option("text", "json")
@connection_options
@pass_settings
def show(settings: Settings, name: str | None, wrapped: str | None, output: str) -> None:
    """Show the outline of a dashboard (or its body, with -o json), without monitor's marker widget.

    NAME is a dashboard in the account, a file, or a built-in template. With --in, the argument is a CloudFormation,
    CDK, SAM, or Terraform file.

    \b
    monitor dashboard show my-function-cold-starts
    monitor dashboard show lambda-cold-starts
    """
    from monitor.dashboards.render import render_view

    file, chosen = in_file((name,) if name else (), wrapped)
    if wrapped is not None:
        view = _wrapped_view(file[0], chosen)
    elif name is None:
        raise click.UsageError("Missing argument 'NAME'.")
    else:
        view = _view(settings, name)
    emit_json(view.body) if output == "json" else echo(render_view(view, style()))


def _view(settings: Settings, name: str) -> "DashboardView":
    from monitor.dashboards.body import builtin, layout, template
    from monitor.dashboards.model import DashboardView
    from monitor.dashboards.workflow_apply import view

    if name in builtin.names() or Path(name).is_file():
        source = template.read(builtin.files(name)[0])
        body = {key: value for key, value in source.document.items() if key not in template.OWN_MEMBERS}
        return DashboardView(source.info.name, "template", {**body, "widgets": layout.pack(body.get("widgets", []))})
    builtin.check_source(name)
    found = view(settings.connection(), name)
    if found is None:
        raise NotFoundError(f"dashboard {name!r} not found", "`monitor dashboard list` lists the dashboards")
    return found


def _wrapped_view(file: str, chosen: str) -> "DashboardView":
    from monitor.dashboards.model import DashboardView
    from monitor.dashboards.wrappers import read

    source = read.parse(_text(file), file)
    found, _ = read.to_template(source, read.choose_one(source, chosen))
    return DashboardView(found.info.name, f"in {source.wrapper.kind}", found.document)


@command.command(short_help="Check dashboard files without calling AWS.")
@unused(*CONNECTION)
@click.argument("files", nargs=-1, metavar="FILE...")
@wrapped_option
@set_option
@click.option("--strict", is_flag=True, help="Fail on warnings too.")
@output_option("text", "json", "github")
def validate(
    files: tuple[str, ...], wrapped: str | None, overrides: tuple[str, ...], strict: bool, output: str
) -> None:
    """Check FILEs without calling AWS: templates, dashboard bodies, or folders of them; - is stdin.

    An error is something that CloudWatch rejects or cannot display. Exits with code 1 if there are errors. With --in,
    FILEs are CloudFormation, SAM or CDK templates (JSON or YAML), or Terraform plans, states or JSON configuration.

    \b
    monitor dashboard validate dashboards/
    monitor dashboard validate body.json -o github
    monitor dashboard validate template.yaml --in
    """
    from monitor.dashboards.checks.validate import check_file
    from monitor.dashboards.checks.wrapped import check_wrapped
    from monitor.dashboards.command_deploy import parse_overrides
    from monitor.dashboards.model import Problem, Severity
    from monitor.dashboards.render import render_problems, render_problems_github

    values = dict(parse_overrides(overrides))
    names, chosen = in_file(files, wrapped)
    if not names:
        raise click.UsageError("Missing argument 'FILE...'.")
    paths = [path for name in names for path in (_paths(name) if wrapped is None else _wrapper_paths(name))]
    problems: list[Problem] = []
    for path in paths:
        if wrapped is not None:
            problems += check_wrapped(_text(path), file=path, name=chosen, overrides=values)
        else:
            problems += check_file(_text(path), file=path, name=Path(path).stem, overrides=values)
    if output == "json":
        emit_json(problems)
    elif problems:
        echo(render_problems_github(problems) if output == "github" else render_problems(problems, style()))
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    counts = {"error": errors, "warning": len(problems) - errors}
    summary = f"{_counted(len(paths), 'file')}: {', '.join(_counted(count, word) for word, count in counts.items())}"
    if errors or (strict and problems):
        raise CheckFailedError(summary)
    note(summary)


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _paths(name: str) -> list[str]:
    if name == "-":
        return ["-"]
    path = Path(name)
    if path.is_dir():
        found = [str(one) for one in sorted([*path.glob("*.json"), *path.glob("alarms/*.json")])]
        if not found:
            raise UsageError(f"no *.json files in the folder {name}", "give the folder with your templates")
        return found
    if not path.is_file():
        from monitor.dashboards.body import builtin

        return [str(one) for one in builtin.files(name)]
    return [name]


def _wrapper_paths(name: str) -> list[str]:
    """A file, or those of a folder such as cdk.out that are templates of a known tool with a dashboard."""
    from monitor.dashboards.wrappers.find import may_contain_dashboard

    path = Path(name)
    if not path.is_dir():
        return [name]
    suffixes = (".json", ".yaml", ".yml", ".template", ".tfstate")
    found = [str(one) for one in sorted(path.iterdir()) if one.suffix in suffixes and one.is_file()]
    found = [one for one in found if may_contain_dashboard(_text(one))]
    if not found:
        raise UsageError(f"no file with a dashboard in the folder {name}", "give a file, or a folder such as cdk.out")
    return found


def _text(path: str) -> str:
    try:
        return decode_text(sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes())
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}", "give a JSON file in UTF-8") from error


@command.command(short_help="Save a dashboard in the account as a template.")
@needs("--force", "--to")
@click.argument("name", shell_complete=complete_dashboards)
@click.option(
    "--function", metavar="NAME", help="The function to replace with a variable; required if there are several."
)
@click.option(
    "--to", "target", metavar="FILE", type=click.Path(dir_okay=False), help="Write to FILE instead of stdout."
)
@click.option("--force", is_flag=True, help="Overwrite FILE if it exists.")
@connection_options
@pass_settings
def pull(settings: Settings, name: str, function: str | None, target: str | None, force: bool) -> None:
    """Save a dashboard in the account as a template, with variables for its function, Region, and account.

    Deploying the template for the same function changes nothing.

    \b
    monitor dashboard pull my-dashboard --to dashboards/my-dashboard.json
    """
    from monitor.dashboards.body.builtin import check_name
    from monitor.dashboards.workflow_apply import pull as pulled
    from monitor.dashboards.workflow_apply import template_text

    check_name(name)
    if target and Path(target).exists() and not force:
        raise UsageError(f"{target} already exists", "use --force to overwrite it")
    document, found = pulled(settings.connection(), name, function)
    text = template_text(document)
    if target is None:
        echo(text)
    else:
        from monitor.console.files import write_file

        write_file(target, text + "\n")
    import shlex

    words = ["monitor", *_connection_words(settings), "dashboard", "deploy", target or "FILE"]
    words += ["--function", found] if found else []
    note(f"pulled {name}; `{shlex.join(words)} --check` shows it unchanged")


def _connection_words(settings: Settings) -> list[str]:
    """The connection options of this command, so that a printed command reaches the same account."""
    words = ["--local"] if settings.local else []
    words += ["--endpoint-url", settings.endpoint_url] if settings.endpoint_url and not settings.local else []
    for option, values in (("--profile", settings.profiles), ("--region", settings.regions)):
        words += [word for value in values for word in (option, value)]
    return words
