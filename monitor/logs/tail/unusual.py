"""What keeps a line of JSON from a quick path of the tail."""

from monitor.records.levels import other_case

# Members of JSON lines that need the full path.
_MEMBERS = frozenset(
    (
        *("record", "monitor_init", "monitor_imports", "CloudWatchMetrics", "errorType", "exception", "error", "err"),
        *(
            "exc_info",
            "exc_text",
            "traceback",
            "stack_trace",
            "stacktrace",
            "stack",
            "thrown",
            "throwable",
            "attributes",
        ),
        *("error.type", "error.stack_trace", "error.stack", "exception.type", "exception.stacktrace", "error_type"),
        *("exception_name", "exc_type", "exception_type", "error_name", "full_message", "@x", "stackTrace"),
        *("resourceLogs", "resource_logs"),
    )
)
UNUSUAL_MEMBERS = _MEMBERS | other_case(_MEMBERS).keys()
