"""`monitor serve`: one live page on 127.0.0.1, with the reading commands' models and renderers behind it."""
