"""What the commands read, as functions for Python programs and notebooks: `from monitor.api import coldstarts`.

Each function reads what its command of the same name reads, and returns the command's own value types. Nothing is
printed to stdout and nothing is changed in the account. An error is a `monitor.errors.MonitorError`: `message` says
what happened, `hint` what to do.

    from monitor.api import Account, coldstarts

    found = coldstarts("my-function", since="7d", account=Account(profile="prod", region="eu-west-1"))
    found.summaries[0].init.p95
    found.starts.to_pandas()
"""

from monitor.api.account import Account
from monitor.api.logs import coldstarts, errors, functions, show, tail
from monitor.api.model import ColdStarts, Rows
from monitor.api.reading import dashboard, dashboards, diagnose, inspect, metrics, plan_instrument, trace, traces

__all__ = [
    "Account",
    "ColdStarts",
    "Rows",
    "coldstarts",
    "dashboard",
    "dashboards",
    "diagnose",
    "errors",
    "functions",
    "inspect",
    "metrics",
    "plan_instrument",
    "show",
    "tail",
    "trace",
    "traces",
]
