"""JSON pointers (RFC 6901)."""


def join(pointer: str, token: str | int) -> str:
    """`pointer` extended by a member or an element."""
    text = token if isinstance(token, str) else str(token)
    return f"{pointer}/{text.replace('~', '~0').replace('/', '~1')}"


def tokens(pointer: str) -> list[str]:
    """The unescaped tokens of a pointer."""
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]
