"""What `sam logs` prints: the stream before the time."""

from monitor.records.forms.columns import column_form

SAM = column_form(
    "sam",
    "the output of `sam logs`",
    "{stream} {time}(?: |$)",
    # `--include-traces`, and what SAM says before the log.
    noise=r"XRay (?:Event|Segment)|  ?-+ (?:\(|.*\[HTTP)|Access the(?: CloudWatch)? logs|You can now browse the",
    example="sam logs --stack-name STACK",
)
