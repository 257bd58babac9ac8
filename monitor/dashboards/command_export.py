"""`monitor dashboard export`: a dashboard and its alarms as resources of a template."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.console.option_rules import needs, refuse_connection
from monitor.console.options import complete_dashboards, connection_options
from monitor.console.output import echo, note
from monitor.console.settings import Settings, pass_settings
from monitor.dashboards.command_deploy import parse_overrides
from monitor.dashboards.command_options import function_option, set_option
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.dashboards.body.template import Template
    from monitor.dashboards.export.model import Export

FORMATS = ("cloudformation", "sam", "terraform", "cdk")


@click.command(name="export", short_help="Write a dashboard as CloudFormation, SAM, Terraform, or CDK.")
@needs("--force", "--to")
@click.argument("name", metavar="NAME|TEMPLATE|FILE", shell_complete=complete_dashboards)
@click.option("--as", "form", type=click.Choice(FORMATS), required=True, help="Format to export to.")
@function_option
@click.option(
    "--reference",
    metavar="ID",
    help="Refer to this function's resource instead of using a parameter: a logical ID, or aws_lambda_function.NAME.",
)
@set_option
@click.option("--no-alarms", is_flag=True, help="Leave alarms out.")
@click.option(
    "--to", "target", metavar="FILE", type=click.Path(dir_okay=False), help="Write to FILE instead of stdout."
)
@click.option("--force", is_flag=True, help="Overwrite FILE if it exists.")
@connection_options
@pass_settings
def export(
    settings: Settings,
    name: str,
    form: str,
    functions: tuple[str, ...],
    reference: str | None,
    overrides: tuple[str, ...],
    no_alarms: bool,
    target: str | None,
    force: bool,
) -> None:
    """Export a dashboard and its alarms as resources that you add to your function's template.

    NAME is a dashboard in the account, a built-in template, or a file. Its variables become parameters; Region,
    account, and partition become references. --as cdk writes a construct in Python. AWS is called only if NAME is a
    dashboard in the account.

    \b
    monitor dashboard export lambda-cold-starts --as sam --reference ApiFunction
    monitor dashboard export my-dashboard --as terraform --to dashboard.tf
    """
    from monitor.dashboards.body.builtin import check_source
    from monitor.dashboards.export.analyze import export as exported

    check_source(name)
    if target and Path(target).exists() and not force:
        raise UsageError(f"{target} already exists", "use --force to overwrite it")
    if reference and functions and _is_local(name):
        raise UsageError("--function has no effect with --reference", "leave one of the two out")
    sources, alarm_sources = _sources(settings, name, functions, with_alarms=not no_alarms)
    found = exported(sources, alarm_sources, functions, dict(parse_overrides(overrides)), reference or "")
    text = _rendered(found, form)
    for one in found.notes:
        note(f"note: {one}")
    if target is None:
        echo(text)
        return
    from monitor.console.files import write_file

    write_file(target, text + "\n")
    note(f"wrote {target}")


def _sources(
    settings: Settings, name: str, functions: tuple[str, ...], *, with_alarms: bool
) -> "tuple[list[Template], list[Template]]":
    from monitor.dashboards.body import builtin, template

    if _is_local(name):
        refuse_connection(name)
        source = template.read(builtin.files(name)[0])
    else:
        from monitor.dashboards.workflow_apply import pull

        document, _ = pull(settings.connection(), name, functions[0] if functions else None)
        source = template.from_document(document, file=name, name=name)
    files = [builtin.alarm_file(one, source.folder) for one in source.info.alarms] if with_alarms else []
    return [source], [template.read(file) for file in files]


def _is_local(name: str) -> bool:
    """Whether it is a built-in template or a file, and no dashboard in the account."""
    from monitor.dashboards.body import builtin

    return name in builtin.names() or Path(name).is_file()


def _rendered(found: "Export", form: str) -> str:
    if form == "terraform":
        from monitor.dashboards.export.render_terraform import render_terraform

        return render_terraform(found)
    if form == "cdk":
        from monitor.dashboards.export.render_cdk import render_cdk

        return render_cdk(found)
    from monitor.dashboards.export.render_cloudformation import render_cloudformation

    return render_cloudformation(found, sam=form == "sam")
