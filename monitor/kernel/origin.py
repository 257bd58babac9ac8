"""Where a command reads from, and the commands that it prints: they carry the same connection options.

A command that was found on the embedded stack, or with a profile or region, must not act on another account when it is
pasted into the same shell. What the environment sets holds there too, so only options on the command line are carried.
"""

import re
import shlex

from monitor.kernel.values import dataclass

_CONNECTED = "coldstarts|diagnose|errors|function|instrument|metrics|show|tail|traces|doctor|dashboard|package (?:inspect|diff)"
_MONITOR = re.compile(rf"(?<![\w./-])monitor (?=(?:{_CONNECTED})\b)")
_AWS = re.compile(r"(?<![\w./-])aws (?=[a-z0-9-]+ [a-z0-9-]+)")
_LOCAL_AWS = '(eval "$(monitor local env)"; {})'


@dataclass(frozen=True, slots=True)
class Origin:
    """The connection options of a command line; a profile and a region at most."""

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    local: bool = False

    @property
    def options(self) -> str:
        """The options as written after `monitor`, with a space behind them; "" for none."""
        words = ["--local"] if self.local else []
        for name, value in (
            ("--endpoint-url", self.endpoint_url),
            ("--profile", self.profile),
            ("--region", self.region),
        ):
            words += [name, shlex.quote(value)] if value and not (self.local and name in _NOT_LOCAL) else []
        return "".join(f"{word} " for word in words)

    def carried(self, text: str) -> str:
        """The text, with these options in every command of `monitor` and of the AWS CLI that takes them."""
        options = self.options
        if not options:
            return text
        lines = (self._line(line, options) for line in text.split("\n"))
        return "\n".join(lines)

    def _line(self, line: str, options: str) -> str:
        line = _MONITOR.sub(lambda found: found[0] + options, line)
        if not _AWS.search(line):
            return line
        if self.local:
            # The AWS CLI has no credentials of the stack: it takes them from the environment, here of a subshell.
            return _LOCAL_AWS.format(line)
        return _AWS.sub(lambda found: found[0] + options, line)


_NOT_LOCAL = ("--endpoint-url", "--profile")
