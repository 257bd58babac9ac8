"""Reads a saved log from text, as the commands do."""

from monitor.records.event import LogEvent
from monitor.records.forms.form import Sample
from monitor.records.forms.registry import detect, form_named


def read_text(text: str, form: str = "", piece: int = 0) -> tuple[str, list[LogEvent]]:
    """The name of the form and the events of a saved log that arrives in pieces of `piece` characters."""
    sample = Sample(text, whole=True)
    found = form_named(form) if form else detect(sample)[0]
    reader = found.reader(sample)
    events: list[LogEvent] = []
    for at in range(0, len(text), piece or max(1, len(text))):
        events += reader.feed(text[at : at + (piece or len(text))])
    return found.name, events + reader.finish()
