"""What text that is not a log of Lambda looks like, in words."""

import re

from monitor.records.forms.form import Sample

_CONTROL = re.compile(r"[\x01-\x08\x0e-\x1a\x1c-\x1f\ufffd]")
ACCEPTED = (
    "give what `aws logs tail`, `aws logs filter-log-events`, `sam logs` or `monitor tail -o raw` printed, "
    "an export, or --form NAME (`--form list` lists them)"
)


def looks_like(sample: Sample) -> str:
    """What a text looks like, as the end of "It looks like …"."""
    first = sample.first.strip()
    head = sample.text[:2_000]
    if not first:
        return "an empty file"
    if len(_CONTROL.findall(head)) * 20 > len(head):
        return "binary data"
    if re.match(r"<(?:!doctype html|html|head|body)\b", first, re.IGNORECASE):
        return "a web page"
    if first.startswith("<"):
        return "XML"
    if first[0] == "{" or (first[0] == "[" and first[1:2] in ("", "{", "[", '"', "]")):
        return "JSON without log events"
    if first.count(",") >= 2 and re.fullmatch(r"[\w@ .,\"-]{1,300}", first):
        return f"a table with the columns {first[:80]}"
    return f"text that begins with {first[:60]!r}"
