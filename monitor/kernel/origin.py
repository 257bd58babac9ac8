"""The connection options of a command line, and the commands that it prints: they carry the same options.

A command that comes from the embedded stack, or from a profile or region, must not act on another account when it is
pasted into the same shell. The environment and the configuration file apply to it anyway: only options are carried.
"""

import re
import shlex
from dataclasses import replace

from monitor.kernel.secrets import without_secrets
from monitor.kernel.values import dataclass

_CONNECTED = (
    "coldstarts|dashboard|diagnose|doctor|errors|function|instrument|layer|measure|metrics|open|show|tail|traces"
    "|package (?:inspect|diff)"
)
_MONITOR = re.compile(rf"(?<![\w./-])monitor (?=(?:{_CONNECTED})\b)")
_SERVICES = "application-autoscaling|cloudwatch|iam|lambda|logs|service-quotas|sts|xray"
_AWS = re.compile(rf"(?<![\w./-])aws (?=(?:{_SERVICES}) [a-z])")
_SUBSHELL = 'eval "$(monitor local env)"'
_QUOTED = re.compile(r"`[^`\n]+`")


@dataclass(frozen=True, slots=True)
class Origin:
    """The connection options of a command line, as they were given."""

    profiles: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    endpoint_url: str | None = None
    local: bool = False
    stage: str | None = None

    def of(self, profile: str, region: str) -> "Origin":
        """The options for a function of one profile and region, where several were given."""
        profiles = (profile,) if profile in self.profiles else self.profiles
        return replace(self, profiles=profiles, regions=(region,) if region in self.regions else self.regions)

    def carried(self, text: str) -> str:
        """The text with these options in every command of `monitor` and of the AWS CLI that connects to AWS.

        Commands that carry them already stay as they are.
        """
        return "\n".join(map(self._line, text.split("\n")))

    def carried_in_hint(self, text: str) -> str:
        """A hint with these options in the commands between its backticks."""
        return _QUOTED.sub(lambda found: f"`{self.carried(found[0][1:-1])}`", text)

    def _line(self, line: str) -> str:
        options = _words(
            [("--stage", one) for one in (self.stage,) if one]
            + [("--profile", one) for one in self.profiles]
            + [("--region", one) for one in self.regions]
            + [("--endpoint-url", without_secrets(one)) for one in (self.endpoint_url,) if one]
        )
        line = _MONITOR.sub(lambda found: found[0] + ("--local " if self.local else "") + options, line)
        if not _AWS.search(line) or _SUBSHELL in line:
            return line
        if self.local:
            # The AWS CLI has neither the stack's endpoint nor its credentials: here it takes them from a subshell.
            return f"({_SUBSHELL}; {line})"
        # One command of the AWS CLI takes one profile and one region.
        single = [(f"--{name}", one[0]) for name, one in (("profile", self.profiles), ("region", self.regions)) if one]
        single += [("--endpoint-url", without_secrets(self.endpoint_url))] if self.endpoint_url else []
        return _AWS.sub(lambda found: found[0] + _words(single), line)


def _words(options: list[tuple[str, str]]) -> str:
    return "".join(f"{name} {shlex.quote(value)} " for name, value in options)


NO_OPTIONS = Origin()
