"""Dashboards of other people: what CloudWatch would take has no error, and what is odd is named.

The small bodies were read one by one with the API reference beside them; the large ones were also counted through
(overlaps, ids, sources, regions, periods) by a script that shares no code with the validator. None was sent to
CloudWatch: "would take" is what the reference says, and that its owner uses it.
"""

import json
from pathlib import Path

import pytest

from monitor.dashboards.body import normal, template
from monitor.dashboards.body.diff import diff
from monitor.dashboards.body.pull import functions, to_template
from monitor.dashboards.body.template import Scope
from monitor.dashboards.checks.validate import check_text
from monitor.dashboards.model import FunctionFacts, Problem, Severity

# File: what is wrong with it, as (severity, rule, how often).
EXPECTED: dict[str, list[tuple[str, str, int]]] = {
    "31_33_stock_viewer_lambda.json": [],
    "aws_docs_explorer_splitby.json": [],
    "aws_docs_invalid_gauge.txt": [("error", "json", 1)],
    "aws_docs_log_widget.json": [],
    "aws_docs_variables_fragment.txt": [("error", "json", 1)],
    # Three widgets show an alarm, and say no region.
    "aws_samples_lambda_cfn_placeholders.json": [("warning", "schema-required", 3)],
    "aws_tools_powershell_example.json": [],
    "awsutils_full_variables_search.json": [],
    "bbthechange_metric_math.json": [],
    # "..." with no dimension to repeat still repeats namespace and metric.
    "cross_account_log_and_metrics.json": [],
    "custom_widget_duplicate_title.txt": [("warning", "variable-value", 1), ("warning", "written-twice", 1)],
    # serviceMap, serviceTable, trace; two queries as base64.
    "deva2006_lambda_ecommerce.json": [("warning", "query-encoded", 2), ("warning", "undocumented-type", 3)],
    "emr_hidden_metric_math.json": [],
    "gpg_explorer_ec2.json": [],
    "guranytou_for_loop_tpl.txt": [("error", "json", 1)],
    "keenobi_explorer_empty_aggregate.json": [("warning", "aggregate", 1)],
    "lewisawe_log_widgets.json": [],
    # An alarm's name may hold a blank.
    "ma1ha_alarm_widget.json": [],
    "mavikamtech_chat.json": [],
    "missaelcorm_simple.json": [],
    "nationalarchives_ingest_tpl.json": [("warning", "variable-value", 4)],
    "oneuptime_contributor_insights.txt": [("error", "json", 1)],
    "oneuptime_cross_account_search.txt": [("error", "json", 1)],
    "petclinic_start_period_override.json": [("warning", "variable-value", 1)],
    # Two SEARCH expressions are both e1; CloudWatch drew them.
    "pmh_only_variables_ecs.json": [("warning", "id-twice", 1)],
    "rhythmictech_efs_backup_tpl.json": [("warning", "variable-value", 6)],
    "ricscar2570_no_layout_no_region.json": [("warning", "schema-required", 2)],
    "robertdebock_vault_tpl.txt": [("error", "json", 1)],
    "shivajichaprana_grafana_not_cloudwatch.json": [("error", "wrapper", 1)],
    "skyuecx0630_variables_two_regions.json": [],
    "tamagokakedon_ai_observability.json": [],
    "the_ebdm_jsonencode_tpl.txt": [("error", "json", 1)],
    "ukkyntem_minimal.json": [],
    "viesure_lambda_comparison.json": [("warning", "variable-value", 3)],
    # Five widgets with a period of one second.
    "webiny_two_regions_metric_math.json": [("warning", "period", 5)],
}
SAID = {
    "aws_docs_invalid_gauge.txt": (2, "not valid JSON"),
    "guranytou_for_loop_tpl.txt": (23, "a template of another tool"),
    "robertdebock_vault_tpl.txt": (395, "a template of another tool"),
    "the_ebdm_jsonencode_tpl.txt": (1, "a template of another tool"),
    "oneuptime_contributor_insights.txt": (1, "JSON has no comments"),
    "custom_widget_duplicate_title.txt": (18, "written twice"),
    "shivajichaprana_grafana_not_cloudwatch.json": (None, "Grafana"),
}
PLAIN = sorted(name for name in EXPECTED if name.endswith(".json") and "grafana" not in name)


def text_of(corpus: Path, name: str) -> str:
    text = (corpus / "dashboards" / name).read_text(encoding="utf-8")
    if name.endswith(".txt"):
        return text.partition("\n")[2]
    return json.dumps(json.loads(text)["body"], indent=1)


def problems(corpus: Path, name: str) -> list[Problem]:
    return check_text(text_of(corpus, name), file=name, name=Path(name).stem)


def test_every_dashboard_of_the_corpus_is_looked_at(corpus: Path) -> None:
    assert {path.name for path in (corpus / "dashboards").iterdir()} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_each_is_named_for_what_is_wrong_with_it_and_for_nothing_else(corpus: Path, name: str) -> None:
    found = [(problem.severity.value, problem.rule) for problem in problems(corpus, name)]

    assert sorted((*key, found.count(key)) for key in set(found)) == sorted(EXPECTED[name])


@pytest.mark.parametrize("name", SAID)
def test_the_oddest_ones_are_told_in_plain_words_and_with_the_line(corpus: Path, name: str) -> None:
    line, words = SAID[name]
    found = [problem for problem in problems(corpus, name) if words in problem.message]

    assert found
    assert line is None or found[0].line == line


@pytest.mark.parametrize("name", ["oneuptime_contributor_insights.txt", "oneuptime_cross_account_search.txt"])
def test_without_its_comment_a_blogs_dashboard_has_no_error(corpus: Path, name: str) -> None:
    text = text_of(corpus, name).partition("\n")[2]

    assert [one for one in check_text(text, file=name, name="x") if one.severity is Severity.ERROR] == []


def test_a_pulled_dashboard_has_its_function_region_and_account_as_variables() -> None:
    row = ["AWS/Lambda", "Errors", "FunctionName", "api"]
    body = {
        "widgets": [
            {"type": "metric", "properties": {"region": "eu-west-1", "title": "api, api-2 and ${x}", "metrics": [row]}},
            {"type": "alarm", "properties": {"alarms": ["arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a"]}},
        ]
    }
    document = to_template("api-errors", body, function="api", region="eu-west-1", account="123456789012")

    assert document["template"] == {
        "description": "Pulled from the dashboard api-errors.",
        "name": "${function}-errors",
        "per": "function",
    }
    first, second = (widget["properties"] for widget in document["widgets"])
    assert first["title"] == "${function}, api-2 and $${x}"
    assert first["region"] == "${region}"
    assert second["alarms"] == ["arn:aws:cloudwatch:${region}:${account}:alarm:a"]


@pytest.mark.parametrize("name", PLAIN)
def test_what_was_pulled_builds_the_same_dashboard(corpus: Path, name: str) -> None:
    body = json.loads(text_of(corpus, name))
    named = functions(body)
    function = named[0] if len(named) == 1 else None
    document = to_template("d", body, function=function, region="us-east-1", account="123456789012")

    facts = tuple(FunctionFacts(one, f"/aws/lambda/{one}") for one in named[:1]) if function else ()
    scope = Scope(facts, {"region": "us-east-1", "account": "123456789012"}, {})
    built = template.build(template.from_document(document, file=name, name="d"), scope)

    assert diff(body, built) == ()
    assert normal.digest(built) == normal.digest(body)
