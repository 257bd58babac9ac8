"""A plan to wrap a function as a person reads it."""

from monitor.console.text import Style
from monitor.instrument.model import InstrumentAction, InstrumentOutcome, InstrumentPlan, RoleCheck, SettingChange
from monitor.instrument.render import render_outcomes, render_plans

PLAN = InstrumentPlan(
    function="orders",
    region="eu-west-1",
    action=InstrumentAction.WRAP,
    changes=(
        SettingChange("Handler", "app.handler", "monitor.runtime.entry.lambda_handler"),
        SettingChange("Environment", "left.over", "app.handler", "MONITOR_HANDLER"),
        SettingChange("Layers", None, "arn:aws:lambda:eu-west-1:1:layer:m:3"),
        SettingChange("TracingConfig", "PassThrough", "Active"),
    ),
    other_variables=1,
    role=RoleCheck("orders-role", ("xray:PutTraceSegments",)),
    notes=("SnapStart serves published versions",),
    blocker="Lambda refuses active tracing",
    hint="add the actions",
)


def test_each_setting_stands_with_its_old_and_its_new_value() -> None:
    assert render_plans([PLAN], Style()).splitlines() == [
        "orders  eu-west-1  would be wrapped",
        "  Handler        - app.handler",
        "                 + monitor.runtime.entry.lambda_handler",
        "  Environment    - MONITOR_HANDLER=left.over",
        "                 + MONITOR_HANDLER=app.handler",
        "                   1 other variable stays as it is",
        "  Layers         + arn:aws:lambda:eu-west-1:1:layer:m:3",
        "  TracingConfig  - PassThrough",
        "                 + Active",
        "  Role           ! orders-role lacks xray:PutTraceSegments",
        "  note: SnapStart serves published versions",
        "  cannot be applied: Lambda refuses active tracing",
        "  hint: add the actions",
    ]


def test_hostile_text_reaches_no_terminal() -> None:
    evil = "\x1b[31mred\u202e\n"
    plan = InstrumentPlan(
        evil,
        evil,
        InstrumentAction.WRAP,
        changes=(SettingChange("Environment", evil, evil, evil), SettingChange("Handler", evil, evil)),
        role=RoleCheck(evil, None, evil),
        notes=(evil,),
        blocker=evil,
        hint=evil,
    )
    refused = InstrumentPlan(evil, evil, InstrumentAction.REFUSE, reason=evil, hint=evil)
    outcomes = [InstrumentOutcome(evil, evil, InstrumentAction.UNDO, error=evil, hint=evil)]
    text = render_plans([plan, refused], Style()) + render_outcomes(outcomes, Style())
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "red" in text


def test_color_is_only_where_it_is_asked_for() -> None:
    done = [InstrumentOutcome("orders", "eu-west-1", InstrumentAction.WRAP, "rev")]
    assert render_outcomes(done, Style()) == "orders  eu-west-1  wrapped, in force"
    assert render_outcomes(done, Style(color=True)) == "\x1b[32morders  eu-west-1  wrapped, in force\x1b[0m"
