"""A diagnosis as text, Markdown, HTML and JSON."""
