"""What monitor reads, waits for and keeps at most, in one table.

An answer, a file or a download that goes on for ever, or costs more than anybody expects, ends with an error that names
it instead. Each limit is far above what real accounts and packages need; its line says what it stands for.
"""

_MB = 1 << 20

# Saved files.
CHECKPOINT_BYTES = 64 * _MB  # `tail --checkpoint`: positions of sources, and digests of 15 minutes of events
PROFILE_BYTES = 64 * _MB  # `coldstarts --save`
EVIDENCE_BYTES = 256 * _MB  # `diagnose --save`
