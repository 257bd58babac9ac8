"""What keeps a line of JSON from a quick path of the tail."""

# Members of JSON lines that need the full path.
UNUSUAL_MEMBERS = frozenset(
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
    )
)
