"""The Handler of an instrumented function: `monitor.runtime.entry.lambda_handler`.

It loads the function's own handler (`MONITOR_HANDLER`, by default `app.main.handler`) with every import timed, and
calls it for each event. What it adds is an init record, metrics of the start, and X-Ray subsegments or OpenTelemetry
spans; the handler's results, exceptions and log lines stay what they are without it.
"""

import sys
import time

_ENTERED_NS = time.perf_counter_ns()
_LOADED = frozenset(sys.modules)

from monitor.runtime import imports  # noqa: E402 - the time above comes first

_TRACER = imports.start()

from monitor.runtime import boot, load  # noqa: E402 - everything from here on is timed

try:
    lambda_handler = boot.boot(_ENTERED_NS, _TRACER, _LOADED)
except BaseException as error:
    load.hide_entry(error)
    raise
