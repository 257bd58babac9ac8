"""What the AWS CLI prints as text: `aws logs tail` in each format, and `--output text` of the other commands."""

from monitor.records.forms.columns import column_form

# `--format detailed`, and `json`, which puts the message on the lines below. Version 1 of the CLI has neither.
TAIL = column_form(
    "aws-tail",
    "the output of `aws logs tail`",
    "{time} {stream}(?: |$)",
    example="aws logs tail /aws/lambda/NAME",
)
TAIL_SHORT = column_form(
    "aws-tail-short",
    "the output of `aws logs tail --format short`",
    r"{time=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3,6})?(?:[+-]\d\d:\d\d)?}(?: |$)",
    example="aws logs tail /aws/lambda/NAME --format short",
)
# One event: EVENTS, and its members in the order of their names. Version 1 and pages repeat the tokens.
_NOISE = r"(?:[fb]/[\w/]{20,100}\t?){1,2}\s*$|SEARCHEDLOGSTREAMS\t|None\s*$|NEXTTOKEN\t"
TEXT = column_form(
    "aws-text",
    "events from the AWS CLI with --output text",
    (r"EVENTS\t(?:{id}\t)?(?:\d{13}\t)(?:{stream}\t)?", r"\n?\t(?P<time>\d{13})\s*\Z"),
    # The tokens of pages, and the streams that were searched.
    noise=r"(?:[fb]/[\w/]{20,100}\t?){1,2}\s*$|SEARCHEDLOGSTREAMS\t|None\s*$|NEXTTOKEN\t",
    example="aws logs filter-log-events --log-group-name GROUP --output text",
)
# What `--query "events[].[timestamp, message]"` gives, in any order.
TEXT_COLUMNS = column_form(
    "aws-text-columns",
    "columns from the AWS CLI with --query and --output text",
    r"{epoch}\t(?:\d{13}\t)?{stream}\t(?:\d{13}\t)?",
    r"{stream}\t{epoch}\t(?:\d{13}\t)?",
    (r"{stream}\t", r"\n?\t(?P<time>\d{13})\s*\Z"),
    r"{epoch}\t(?:\d{13}\t)?",
    example="aws logs filter-log-events --query 'events[].[timestamp, message]' --output text",
)
