"""`monitor completion`: the line that makes a shell complete commands, options and names."""

import click

_SHELLS = ("bash", "zsh", "fish")


@click.command(name="completion")
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print a completion script. Add it to the startup file of your shell.

    \b
    monitor completion bash >> ~/.bashrc
    monitor completion zsh >> ~/.zshrc
    monitor completion fish > ~/.config/fish/completions/monitor.fish
    """
    from click.shell_completion import get_completion_class

    from monitor.console.output import echo

    complete = get_completion_class(shell)
    assert complete is not None
    echo(complete(ctx.find_root().command, {}, "monitor", "_MONITOR_COMPLETE").source())
