"""`monitor iam-policy`: the least that a command has to be allowed."""

import json
import re

import click

from monitor.console.output import echo, note, style
from monitor.console.settings import Settings, connection_options, output_option, pass_settings
from monitor.errors import UsageError

_FUNCTION = re.compile(r"[A-Za-z0-9_*?-]{1,140}")
_GROUP = re.compile(r"[A-Za-z0-9_/.#*?-]{1,512}")
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_REGION = re.compile(r"[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}")


@click.command(name="iam-policy", short_help="The least policy that a command needs.")
@click.argument("words", nargs=-1, metavar="[COMMAND]...")
@click.option("--function", "functions", multiple=True, metavar="NAME", help="Only this function; repeatable, or ai-*.")
@click.option("--log-group", "groups", multiple=True, metavar="NAME", help="A log group of another name; repeatable.")
@click.option("--account", metavar="ID", help="Only this account, 12 digits.")
@click.option("--plain", is_flag=True, help="Leave out what only an option or a kind of TARGET needs.")
@click.option("--with", "options", multiple=True, metavar="OPTION", help="With --plain, but for this option.")
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
    """Print the least IAM policy that COMMANDs need, all of them by default. Asks AWS nothing.

    -o text says what each action is for, which option needs it, and what happens without it. --region narrows the
    policy to regions.

    \b
    monitor iam-policy tail --function my-function --region ap-southeast-1 --account 123456789012
    monitor iam-policy traces dashboard list      all of traces, and `dashboard list`
    monitor iam-policy instrument --with apply
    monitor iam-policy -o text
    """
    from monitor.account.analyze_policy import MOST_CHARACTERS, find, needs_of, policy
    from monitor.kernel.iam import Scope

    found = find(words)
    plain = plain or bool(options)
    _check(options, [need.when for need in needs_of(found)])
    scope = Scope(
        functions=_matched(functions, _FUNCTION, "--function", "a function's name, or a pattern such as ai-*"),
        log_groups=_matched(groups, _GROUP, "--log-group", "a log group's name, such as /shared/logs"),
        regions=_matched(settings.regions, _REGION, "--region", "a region's name, such as ap-southeast-1"),
        account=_matched((account,), _ACCOUNT, "--account", "12 digits")[0] if account else "",
    )
    if output == "text":
        from monitor.account.render_policy import render_needs

        echo(render_needs({name: needs_of([name], plain=plain, options=options) for name in found}, style()))
        return
    needs = needs_of(found, plain=plain, options=options)
    if not any(need.action.name for need in needs):
        note(f"note: {', '.join(found)}: AWS is asked nothing that needs a permission")
    document = policy(needs, scope)
    echo(json.dumps(document, indent=2))
    if len(re.sub(r"\s", "", json.dumps(document))) > MOST_CHARACTERS:
        note(
            f"note: longer than the {MOST_CHARACTERS:,} characters that a managed policy may have: name fewer commands"
        )


def _matched(values: tuple[str, ...], pattern: re.Pattern[str], option: str, wanted: str) -> tuple[str, ...]:
    for value in values:
        if not pattern.fullmatch(value):
            raise UsageError(f"{option} {value!r} cannot stand in a policy", f"give {wanted}")
    return values


def _check(options: tuple[str, ...], known: list[str]) -> None:
    """Refuse an option that leads to nothing: a policy without what was asked for would be a riddle."""
    words = {word.removeprefix("--") for when in known for word in when.replace(",", "").split() if word[:2] == "--"}
    for option in options:
        if option.removeprefix("--") not in words:
            some = ", ".join(sorted(words)) or "none of its options does"
            raise UsageError(f"--with {option!r}: no call depends on it", f"those that lead to calls: {some}")
