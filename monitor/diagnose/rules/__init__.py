"""One cause of slow starts a file: evidence in, findings out; silent where nothing shows it."""
