"""JSON pointers (RFC 6901)."""


def join(pointer: str, token: str | int) -> str:
    """`pointer` one step further, to a member or an element."""
    text = token if isinstance(token, str) else str(token)
    return f"{pointer}/{text.replace('~', '~0').replace('/', '~1')}"


def tokens(pointer: str) -> list[str]:
    """The steps of a pointer, unescaped."""
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]
