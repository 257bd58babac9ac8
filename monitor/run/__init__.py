"""`monitor local` and `monitor demo`: the embedded stack started, and functions run on it."""
