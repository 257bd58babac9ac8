"""The Handler of an instrumented function: `monitor.runtime.entry.lambda_handler`.

It loads the real handler (`MONITOR_HANDLER`, by default `app.main.handler`) with every import timed,
and calls it inside Powertools' Logger, Metrics and Tracer.
"""

import time

_ENTERED_NS = time.perf_counter_ns()

from monitor.runtime import imports  # noqa: E402 - the time above comes first

_TRACER = imports.start()

from monitor.runtime import boot  # noqa: E402 - everything from here on is timed

lambda_handler = boot.boot(_ENTERED_NS, _TRACER)
