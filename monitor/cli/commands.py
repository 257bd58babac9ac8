"""The commands by name: where each one lives and its line of help. Nothing is imported to print this."""

from typing import NamedTuple


class Entry(NamedTuple):
    """`module` lies in monitor/cli and holds a click command named `command`."""

    module: str
    help: str


COMMANDS: dict[str, Entry] = {
    "tail": Entry("tail", "Print what was logged, and follow."),
    "metrics": Entry("metrics", "Invocations, errors, duration, cold starts, memory."),
    "coldstarts": Entry("coldstarts", "Each cold start, and where its init went."),
    "show": Entry("show", "One invocation: its lines, REPORT, init record, trace."),
    "errors": Entry("errors", "Failures, grouped by what they are."),
    "traces": Entry("traces", "X-Ray: list, show, follow, compare."),
    "diagnose": Entry("diagnose", "Why it is slow to start, and what to change."),
    "dashboard": Entry("dashboard", "Dashboards as code: validate, diff, deploy, pull, render."),
    "package": Entry("package", "Deployment packages: inspect, diff, build, layers, split."),
    "function": Entry("function", "A function's configuration."),
    "instrument": Entry("instrument", "Wrap deployed functions: plan, --apply, --undo."),
    "local": Entry("local", "The embedded stack: up, down, status, run, invoke."),
    "demo": Entry("demo", "The whole tour on the embedded stack."),
    "doctor": Entry("doctor", "Credentials, region, permissions, clock."),
    "iam-policy": Entry("iam_policy", "The least policy that a command needs."),
    "completion": Entry("completion", "Shell completion for bash, zsh and fish."),
}
