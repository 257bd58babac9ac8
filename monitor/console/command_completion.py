"""`monitor completion`: the line that makes a shell complete commands, options and names."""

import click

_HOW = {
    "bash": "put it into ~/.bashrc",
    "zsh": "put it into ~/.zshrc",
    "fish": "save it as ~/.config/fish/completions/monitor.fish",
}


@click.command(name="completion")
@click.argument("shell", type=click.Choice(tuple(_HOW)))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of SHELL.

    \b
    monitor completion bash >> ~/.bashrc
    monitor completion fish > ~/.config/fish/completions/monitor.fish
    """
    from click.shell_completion import get_completion_class

    from monitor.console.output import echo, note

    complete = get_completion_class(shell)
    assert complete is not None
    echo(complete(ctx.find_root().command, {}, "monitor", "_MONITOR_COMPLETE").source())
    note(f"# {_HOW[shell]}")
