"""Serve the tools with the official Python SDK."""

from mcp.server import MCPServer
from mcp.types import ToolAnnotations

from monitor import __version__
from monitor.api.account import Account
from monitor.console.settings import Settings
from monitor.mcp.workflow_tools import INSTRUCTIONS, tools


def server(account: Account, *, plans: bool) -> MCPServer:
    """The server with its tools. All of them are marked read-only."""
    made = MCPServer(
        "lambda-monitor",
        version=__version__,
        instructions=INSTRUCTIONS,
        log_level="ERROR",
        warn_on_duplicate_tools=True,
    )
    for tool in tools(account, plans=plans):
        made.add_tool(
            tool.call,
            name=tool.name,
            annotations=ToolAnnotations(read_only_hint=True, destructive_hint=False, open_world_hint=True),
        )
    return made


def serve(settings: Settings, *, plans: bool) -> None:
    """Answer on stdin and stdout until the client closes them."""
    server(Account.of(settings), plans=plans).run("stdio")
