"""A handler on markdown."""

import markdown


def handler(event, context):
    text = event.get("text", "# Title\n\n* one\n* two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n")
    return {"html": markdown.markdown(text, extensions=["tables"])}
