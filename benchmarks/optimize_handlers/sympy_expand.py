"""A handler on sympy."""

import sympy
from sympy import diff, sin, symbols


def handler(event, context):
    x, y = symbols("x y")
    expression = (x + y) ** event.get("power", 3) * sin(x)
    return {"expanded": str(sympy.expand(expression)), "derivative": str(diff(expression, x))}
