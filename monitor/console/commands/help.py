"""`monitor help COMMAND`: what `monitor COMMAND --help` prints."""

import click

from monitor.errors import UsageError


@click.command(name="help")
@click.argument("words", nargs=-1, metavar="[COMMAND]...")
@click.pass_context
def command(ctx: click.Context, words: tuple[str, ...]) -> None:
    """Show the help of a command.

    \b
    monitor help
    monitor help traces show
    """
    from monitor.console.output import echo

    context, found = ctx.find_root(), ctx.find_root().command
    for word in words:
        inner = found.get_command(context, word) if isinstance(found, click.Group) else None
        if inner is None or not isinstance(found, click.Group):
            from difflib import get_close_matches

            known = found.list_commands(context) if isinstance(found, click.Group) else []
            near = get_close_matches(word, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "`monitor help` lists the commands"
            raise UsageError(f"there is no command {word!r} in `{context.command_path}`", hint)
        found, context = inner, click.Context(inner, context, word, help_option_names=["-h", "--help"])
    echo(found.get_help(context))
