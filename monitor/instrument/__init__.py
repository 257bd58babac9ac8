"""`monitor instrument`: deployed functions wrapped in the instrumented entry point."""
