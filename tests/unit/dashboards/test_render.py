"""Dashboards in the terminal: whole at any width, harmless whatever a title holds."""

import pytest
from rich.cells import cell_len

from monitor.console.text import Style
from monitor.dashboards.model import (
    Action,
    Change,
    ChangeKind,
    DashboardView,
    Outcome,
    Plan,
    PlannedItem,
    Problem,
    Severity,
)
from monitor.dashboards.render import (
    render_list,
    render_outcomes,
    render_plan,
    render_problems,
    render_problems_github,
    render_view,
)
from monitor.kernel.dashboard import DashboardInfo

HOSTILE = "red \x1b[31m\u202e\nnext"
DETAILS = tuple(f"properties/{number}: 1 → 2" for number in range(9))
PLAN = Plan(
    (
        PlannedItem(
            "dashboard",
            "new",
            Action.CREATE,
            "lambda-cold-starts",
            document={"widgets": [{}, {}, {"of": "the marker"}]},
        ),
        PlannedItem(
            "dashboard", "old", Action.UPDATE, "t", changes=(Change(ChangeKind.CHANGED, "metric “m”", DETAILS),)
        ),
        PlannedItem("alarm", "kept", Action.UNCHANGED, "kept"),
        PlannedItem("dashboard", "theirs", Action.REFUSE, "t", "it was changed outside monitor", exit_code=1),
        PlannedItem("dashboard", "stale", Action.DELETE, "gone"),
    )
)
PROBLEM = Problem(
    Severity.ERROR, "schema-maximum", "/widgets/0/width", "30 is more than 24", "write 24", "d.json", 4, 6
)


def test_a_plan_says_for_each_what_would_happen_and_counts() -> None:
    shown = render_plan(PLAN, Style(width=80)).splitlines()

    assert shown[0] == "create     dashboard new"
    assert shown[1] == "           from lambda-cold-starts, 2 widgets"
    assert "refuse     dashboard theirs" in shown
    assert shown[-1] == "1 to create, 1 to update, 1 to delete, 1 refused, 1 unchanged"


def test_a_plan_is_short_unless_asked_for_in_full() -> None:
    short, full = render_plan(PLAN, Style(width=80)), render_plan(PLAN, Style(width=80), full=True)

    assert "and 3 more" in short
    assert "properties/8" not in short
    assert "properties/8: 1 → 2" in full


def test_a_plan_that_changes_nothing_says_so() -> None:
    assert render_plan(Plan(()), Style()) == "no changes"


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_of_a_plan_is_wider_than_the_terminal(width: int) -> None:
    long = PlannedItem("dashboard", "n" * 200, Action.REFUSE, "t", "because " * 40, exit_code=1)

    assert all(cell_len(line) <= width for line in render_plan(Plan((long,)), Style(width=width)).splitlines())


def test_color_is_only_there_where_it_was_asked_for() -> None:
    assert "\x1b[" in render_plan(PLAN, Style(color=True))
    assert "\x1b" not in render_plan(PLAN, Style(color=False))


def test_a_problem_begins_with_its_place_on_one_line() -> None:
    first, second = render_problems([PROBLEM], Style(width=40)).splitlines()

    assert first == "d.json:4:6: error: /widgets/0/width: 30 is more than 24"
    assert second.strip() == "write 24"


def test_github_gets_one_command_a_problem() -> None:
    nasty = Problem(Severity.WARNING, "r", "/a", "50 %\nof it", "", "a,b:c.json", 1, 2)
    first, second = render_problems_github([PROBLEM, nasty]).splitlines()

    assert first == (
        "::error file=d.json,line=4,col=6,title=schema-maximum::/widgets/0/width: 30 is more than 24 (write 24)"
    )
    assert second == "::warning file=a%2Cb%3Ac.json,line=1,col=2,title=r::/a: 50 %25\\nof it"


def test_an_outcome_that_failed_says_why_and_cloudwatchs_words_are_passed_on() -> None:
    shown = render_outcomes(
        [
            Outcome("dashboard", "a", Action.CREATE, messages=("/widgets/0: odd",)),
            Outcome("dashboard", "b", Action.UPDATE, "denied", "ask for it", 3),
        ],
        Style(width=80),
    ).splitlines()

    assert shown == [
        "created    dashboard a",
        "           CloudWatch says: /widgets/0: odd",
        "failed     dashboard b: denied",
        "           ask for it",
    ]


def test_an_outline_is_in_reading_order_and_tells_who_deployed_it() -> None:
    widgets = [
        {"type": "metric", "x": 0, "y": 6, "width": 12, "height": 6, "properties": {"title": "below"}},
        {"type": "text", "x": 0, "y": 0, "width": 24, "height": 6, "properties": {"markdown": "# above\nmore"}},
    ]
    marker = {"project": "p", "template": "t", "name": "d"}
    shown = render_view(DashboardView("d", "in the account", {"widgets": widgets}, marker, True), Style(width=80))

    assert "deployed by monitor from t, project p; changed since" in shown
    assert shown.index("above") < shown.index("below")
    assert "24×6" in shown


def test_whatever_a_name_or_title_holds_no_terminal_acts_on_it() -> None:
    widget = {"type": HOSTILE, "x": 0, "y": 0, "properties": {"title": HOSTILE}}
    shown = [
        render_view(DashboardView(HOSTILE, "x", {"widgets": [widget], "variables": [{"id": HOSTILE}]}), Style()),
        render_list([DashboardInfo(HOSTILE, "", 3, None)], Style()),
        render_plan(Plan((PlannedItem("dashboard", HOSTILE, Action.REFUSE, HOSTILE, HOSTILE),)), Style()),
        render_problems([Problem(Severity.ERROR, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE)], Style()),
        render_problems_github([Problem(Severity.ERROR, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE)]),
        render_outcomes([Outcome("dashboard", HOSTILE, Action.CREATE, HOSTILE, HOSTILE)], Style()),
    ]

    assert not any("\x1b" in text or "\u202e" in text for text in shown)
    assert len(shown[4].splitlines()) == 1


@pytest.mark.parametrize("body", [{}, {"widgets": None}, {"widgets": [3, {}, {"properties": 3}], "variables": 3}])
def test_a_body_of_any_shape_has_an_outline(body: dict[str, object]) -> None:
    assert render_view(DashboardView("d", "x", body), Style())
