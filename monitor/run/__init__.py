"""`monitor local` and `monitor demo`: start the embedded stack and run functions on it."""
