"""Options that the commands for dashboards share."""

import click

function_option = click.option(
    "--function", "functions", multiple=True, metavar="NAME", help="Function to show on the dashboard. Repeatable."
)
set_option = click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Set a template variable. Repeatable."
)
wrapped_option = click.option(
    "--in",
    "wrapped",
    is_flag=False,
    flag_value="",
    metavar="[NAME]",
    help="Treat the argument as a CloudFormation, CDK, SAM, or Terraform file, and read the dashboard NAME in it.",
)
