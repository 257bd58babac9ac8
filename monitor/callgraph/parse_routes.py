"""Calls that give a function to a framework as a route: `app.add_url_rule("/notes", view_func=notes.every)`."""

import ast
from dataclasses import dataclass, field

from monitor.callgraph.parse_branches import Names
from monitor.callgraph.parse_words import constant_text, dotted

# The parameter that takes the function, and its position. The path comes first.
_METHODS = {
    "add_url_rule": ("view_func", 2),
    "add_api_route": ("endpoint", 1),
    "add_api_websocket_route": ("endpoint", 1),
    "add_route": ("route", 1),
    "add_websocket_route": ("route", 1),
}
_CLASSES = {
    "starlette.routing.Route": ("endpoint", 1),
    "starlette.routing.WebSocketRoute": ("endpoint", 1),
    "fastapi.routing.APIRoute": ("endpoint", 1),
    "django.urls.path": ("view", 1),
    "django.urls.re_path": ("view", 1),
}


@dataclass(frozen=True, slots=True)
class Registered:
    """A route that a call makes: its path, and the names of the function that it is given."""

    path: str
    names: Names = field(default_factory=Names)


def route_of(call: ast.Call, target: str = "") -> tuple[str, ast.expr] | None:
    """The path and the function of a route; None for other calls. `target` is the full name of what is called."""
    owner, _, method = dotted(call.func).rpartition(".")
    parameter, position = _METHODS.get(method if owner else "", ("", 0))
    if not parameter:
        parameter, position = _CLASSES.get(target, ("", 0))
    path = constant_text(call.args[0]) if parameter and call.args else ""
    if not path or any(isinstance(one, ast.Starred) for one in call.args):
        return None
    given = next((one.value for one in call.keywords if one.arg == parameter), None)
    if given is None and len(call.args) > position:
        given = call.args[position]
    return None if given is None else (path, given)
