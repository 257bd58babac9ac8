"""`monitor iam-policy`: the least-privilege IAM policy that a command needs."""

import json
import re

import click

from monitor.console.option_rules import excludes, unused
from monitor.console.options import connection_options, output_option
from monitor.console.output import echo, note, style
from monitor.console.settings import Settings, pass_settings
from monitor.errors import UsageError

_FUNCTION = re.compile(r"[A-Za-z0-9_*?-]{1,140}")
_GROUP = re.compile(r"[A-Za-z0-9_/.#*?-]{1,512}")
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_REGION = re.compile(r"[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}")


@click.command(name="iam-policy", short_help="Print the IAM policy that a command needs.")
@excludes("-o text", "--function", "--log-group", "--account", "--region", hint="-o json has them in its resources")
@unused("--profile", "--stage", "--local", "--endpoint-url")
@click.argument("words", nargs=-1, metavar="[COMMAND]...")
@click.option(
    "--function",
    "functions",
    multiple=True,
    metavar="NAME",
    help="Only this function, or a glob such as ai-*. Repeatable.",
)
@click.option("--log-group", "groups", multiple=True, metavar="NAME", help="Also allow this log group. Repeatable.")
@click.option("--account", metavar="ID", help="Only this account (12 digits).")
@click.option("--plain", is_flag=True, help="Leave out permissions that only some options or targets need.")
@click.option(
    "--with", "options", multiple=True, metavar="OPTION", help="Like --plain, but include this option's permissions."
)
@output_option("json", "text")
@connection_options
@pass_settings
def command(
    settings: Settings,
    words: tuple[str, ...],
    functions: tuple[str, ...],
    groups: tuple[str, ...],
    account: str | None,
    plain: bool,
    options: tuple[str, ...],
    output: str,
) -> None:
    """Print the least-privilege IAM policy for COMMANDs (default: all commands). Does not call AWS.

    -o text explains what each action is for, which option needs it, and what happens without it. With --region, the
    policy allows only those Regions.

    \b
    monitor iam-policy tail --function my-function --region ap-southeast-1 --account 123456789012
    monitor iam-policy traces dashboard list      all commands of traces, and `dashboard list`
    monitor iam-policy instrument --with apply
    monitor iam-policy -o text
    """
    from monitor.account.analyze_policy import MOST_CHARACTERS, find, needs_of, policy
    from monitor.kernel.iam import Scope

    found = find(words)
    plain = plain or bool(options)
    _check_options(options, [need.when for need in needs_of(found)])
    scope = Scope(
        functions=_validated(functions, _FUNCTION, "--function", "a function name, or a pattern such as ai-*"),
        log_groups=_validated(groups, _GROUP, "--log-group", "a log group name such as /shared/logs"),
        regions=_validated(settings.regions, _REGION, "--region", "a region such as ap-southeast-1"),
        account=_validated((account,), _ACCOUNT, "--account", "12 digits")[0] if account else "",
    )
    if output == "text":
        from monitor.account.render_policy import render_needs

        echo(render_needs({name: needs_of([name], plain=plain, options=options) for name in found}, style()))
        return
    needs = needs_of(found, plain=plain, options=options)
    if not any(need.action.name for need in needs):
        note(f"note: {', '.join(found)}: no permissions needed")
    document = policy(needs, scope)
    echo(json.dumps(document, indent=2))
    if len(re.sub(r"\s", "", json.dumps(document))) > MOST_CHARACTERS:
        note(f"note: the policy exceeds the {MOST_CHARACTERS:,} characters of a managed policy; name fewer commands")


def _validated(values: tuple[str, ...], pattern: re.Pattern[str], option: str, wanted: str) -> tuple[str, ...]:
    for value in values:
        if not pattern.fullmatch(value):
            raise UsageError(f"invalid value for {option}: {value!r}", f"give {wanted}")
    return values


def _check_options(options: tuple[str, ...], known: list[str]) -> None:
    """Refuse an option that no call depends on: the policy would silently lack what the user expects."""
    words = {word.removeprefix("--") for when in known for word in when.replace(",", "").split() if word[:2] == "--"}
    for option in options:
        if option.removeprefix("--") not in words:
            some = ", ".join(sorted(words)) or "none"
            raise UsageError(
                f"--with {option!r}: no permission depends on this option", f"options with permissions: {some}"
            )
