"""Text copied from the CloudWatch console: a time and a message in each row, with or without the table's head."""

from monitor.records.forms.columns import column_form

# A click on a row copies the time and the message on lines of their own.
COPIED = column_form(
    "console",
    "text copied from the CloudWatch console",
    r"[\u25b6\u25b8\u25bc\u25be\u25ba>]?[ \t]{0,4}{local}(?:[ \t]{2,200}|\t|[ \t]*$)(?:{stream}(?:[ \t]{2,200}|\t))?",
    noise=r"\s*(?:Timestamp|Time)\b.{0,40}Message\s*$|\s*(?:Copy|Expand|No (?:older|newer) events)\b"
    r"|There are (?:older|newer) events to load",
    example="the rows of Log events, selected and copied",
)
