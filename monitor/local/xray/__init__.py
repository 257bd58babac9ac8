"""The embedded X-Ray: daemon, store and read API."""
