"""Code within the text of a finding, marked by backticks."""


def code_spans(text: str) -> list[tuple[str, bool]]:
    """Split text at backticks into plain and code parts. An unpaired backtick is plain text."""
    parts = text.split("`")
    if len(parts) % 2 == 0 or any(not part.strip() for part in parts[1::2]):
        return [(text, False)]
    return [(part, at % 2 == 1) for at, part in enumerate(parts) if part]
