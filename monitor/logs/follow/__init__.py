"""Following a log without losing or doubling an event, over any source of events."""
