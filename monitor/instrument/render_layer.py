"""The plan to publish the runtime's layer, and what came of it."""

from collections.abc import Sequence

from monitor.console.text import Style, clean, format_bytes
from monitor.instrument.model_layer import BuiltLayer, LayerOutcome, LayerPlan


def render_layer_plan(built: BuiltLayer, plans: Sequence[LayerPlan], style: Style) -> str:
    """The layer's contents and what would be published where."""
    lines = [
        f"{clean(plans[0].name)}: monitor.runtime, {format_bytes(built.zipped_bytes)} "
        f"({format_bytes(built.unzipped_bytes)} unzipped), x86_64 and arm64",
        f"  bytecode for Python {', '.join(built.compiled) or '-'}",
    ]
    if built.not_compiled:
        versions = ", ".join(built.not_compiled)
        lines.append(
            f"  note: Python {versions} is not installed here, so each cold start on it compiles monitor's runtime"
        )
    for plan in plans:
        state = "is up to date" if plan.is_current else "would be published"
        newest = f" (newest: {clean(plan.current)})" if plan.current else ""
        lines.append(f"  {clean(plan.region)}  {state}{newest}")
    return "\n".join(_bold(line, style) if number == 0 else line for number, line in enumerate(lines))


def render_layer_outcomes(outcomes: Sequence[LayerOutcome], command: str) -> str:
    """The ARN of each published version with the command that uses it, or the error."""
    lines = []
    for outcome in outcomes:
        if outcome.arn is None:
            lines.append(f"{clean(outcome.region)}  not published: {clean(outcome.error or '')}")
            if outcome.hint:
                lines.append(f"  hint: {clean(outcome.hint)}")
        else:
            lines.append(f"{clean(outcome.region)}  published {clean(outcome.arn)}")
            lines.append(f"  {command} --layer {clean(outcome.arn)}")
    return "\n".join(lines)


def _bold(text: str, style: Style) -> str:
    return f"\x1b[1m{text}\x1b[0m" if style.color else text
