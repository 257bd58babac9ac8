"""X-Ray in the embedded stack: daemon, store and read API."""
