"""Which paths a .dockerignore leaves out of the context of a build.

Sources: Docker documentation, ".dockerignore files"; moby/patternmatcher, `MatchesOrParentMatches`.
"""

import re
from collections.abc import Callable, Iterable
from posixpath import normpath

_TOKEN = re.compile(r"\*\*/|\*\*|\*|\?|\[\^?[^\]]*\]|\\.|.", re.DOTALL)
_MEANING = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def parse_dockerignore(lines: Iterable[str]) -> Callable[[str], bool]:
    """A function that says whether a path, relative to the context, is left out.

    The last pattern that matches the path or a folder above it decides.
    """
    patterns = [found for line in lines if (found := _pattern(line.strip())) is not None]

    def is_left_out(name: str) -> bool:
        parts = name.split("/")
        paths = ["/".join(parts[:count]) for count in range(len(parts), 0, -1)]
        for pattern, leaves_out in reversed(patterns):
            if any(map(pattern.fullmatch, paths)):
                return leaves_out
        return False

    return is_left_out


def _pattern(line: str) -> tuple[re.Pattern[str], bool] | None:
    if not line or line.startswith("#"):
        return None
    text = normpath(line.removeprefix("!").strip()).lstrip("/")
    try:
        return re.compile("".join(map(_meaning, _TOKEN.findall(text))), re.DOTALL), not line.startswith("!")
    except re.error:
        return None


def _meaning(token: str) -> str:
    if token in _MEANING:
        return _MEANING[token]
    if token.startswith("["):
        return token
    return re.escape(token.removeprefix("\\") or token)
