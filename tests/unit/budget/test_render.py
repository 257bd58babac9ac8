"""The outputs of a budget: what names and errors from outside cannot do to them."""

import json
import re
from typing import Any

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from monitor.budget.model import BudgetReport, Check, FunctionImports, ImportedPackage, Measure, Verdict
from monitor.budget.parse_saved import RESULT
from monitor.budget.render import render_text
from monitor.budget.render_github import render_github
from monitor.budget.render_markdown import marker, render_markdown
from monitor.budget.render_sarif import render_sarif
from monitor.console.text import Style
from monitor.kernel.jsonable import jsonable
from tests.examples import examples

# What SARIF 2.1.0 requires of the objects that are used here, from its standard (sections 3.13 to 3.27).
_TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
_PLACE = {
    "type": "object",
    "required": ["artifactLocation", "region"],
    "properties": {
        "artifactLocation": {
            "type": "object",
            "required": ["uri"],
            # RFC 3986: what is not allowed in a reference is escaped.
            "properties": {"uri": {"type": "string", "pattern": "^(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-F]{2})*$"}},
        },
        "region": {
            "type": "object",
            "required": ["startLine"],
            "properties": {"startLine": {"type": "integer", "minimum": 1}},
            "additionalProperties": False,
        },
    },
}
_RULE = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "shortDescription": _TEXT}}
_RESULT = {
    "type": "object",
    "required": ["message", "ruleId", "ruleIndex", "level", "locations", "partialFingerprints"],
    "additionalProperties": False,
    "properties": {
        "message": _TEXT,
        "ruleId": {"type": "string"},
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": {"enum": ["none", "note", "warning", "error"]},
        "locations": {"type": "array", "items": {"type": "object", "properties": {"physicalLocation": _PLACE}}},
        "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}
_DRIVER = {
    "type": "object",
    "required": ["name", "rules"],
    "properties": {
        "name": {"type": "string"},
        "version": {"type": "string"},
        "informationUri": {"type": "string", "pattern": "^https://"},
        "rules": {"type": "array", "uniqueItems": True, "items": _RULE},
    },
}
SARIF: dict[str, Any] = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "tool": {"type": "object", "required": ["driver"], "properties": {"driver": _DRIVER}},
                    "results": {"type": "array", "items": _RESULT},
                },
            },
        },
    },
}

_HOSTILE = st.sampled_from(
    [
        "x\n::error::y",
        "%0A::stop-commands::z",
        "a,line=1::b",
        "[link](https://evil.example) @everyone #1",
        "<script>alert(1)</script>",
        "a | b ` c ``` d",
        "{0} {{1}} \\[x](0)",
        "-->\n# head",
        "\x1b[31m\u202e\ud800",
        "]]>&amp;\"'",
    ]
)
names = st.one_of(_HOSTILE, st.text(min_size=1, max_size=40))
figures = st.floats(0, 1e6)
checks = st.builds(
    Check,
    function=names,
    measure=st.sampled_from(Measure),
    limit=figures,
    value=st.none() | figures,
    low=st.none() | figures,
    high=st.none() | figures,
    count=st.integers(0, 100),
    verdict=st.sampled_from(Verdict),
    line=st.integers(1, 500),
    why=names,
)
reports = st.builds(
    BudgetReport,
    file=names,
    checks=st.lists(checks, min_size=1, max_size=6).map(tuple),
    imports=st.lists(
        st.builds(
            FunctionImports,
            function=names,
            imports=st.lists(st.builds(ImportedPackage, names, st.integers(0, 900), figures), max_size=3).map(tuple),
        ),
        max_size=3,
    ).map(tuple),
)


@settings(max_examples=examples(40), deadline=None)
@given(reports)
def test_each_annotation_is_one_workflow_command_and_says_what_was_found(report: BudgetReport) -> None:
    lines = render_github(report).split("\n")
    assert len(lines) == len(report.failed) + len(report.unclear) + 1
    for line in lines[:-1]:
        found = re.fullmatch(r"::(error|warning) file=([^,:]*),line=(\d+),title=([^,:]*)::([^\r\n]*)", line)
        assert found, line
    # The runner reads a line by its own rules: nothing but \n and \r ends one.
    assert not any(char in "\r\x1b\u2028" for line in lines for char in line)
    assert [line.split(" ")[0] for line in lines[:-1]] == ["::error"] * len(report.failed) + ["::warning"] * len(
        report.unclear
    )


@settings(max_examples=examples(40), deadline=None)
@given(reports)
def test_sarif_is_valid_and_its_messages_have_no_links_or_placeholders(report: BudgetReport) -> None:
    document = json.loads(render_sarif(report))
    jsonschema.validate(document, SARIF)
    (run,) = document["runs"]
    assert len(run["results"]) == len(report.failed) + len(report.unclear)
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        text = result["message"]["text"].replace("\\\\", "")
        assert not re.search(r"(?<!\\)\[", text)
        assert not re.search(r"(?<!\{)(?:\{\{)*\{\d+\}(?!\})", text)


@settings(max_examples=examples(40), deadline=None)
@given(reports)
def test_markdown_has_no_element_that_comes_from_outside(report: BudgetReport) -> None:
    text = render_markdown(report)
    tokens = MarkdownIt("gfm-like", {"linkify": False, "html": True}).parse(text)
    kinds = {child.type for token in tokens for child in (token, *(token.children or ()))}
    assert not kinds & {"link_open", "image", "html_block", "html_inline", "fence", "code_block"}
    assert sum(token.type == "heading_open" for token in tokens) == 1
    rows = [token for token in tokens if token.type == "tr_open"]
    over = {one.function for one in report.failed}
    shown = sum(len(one.imports) + 1 for one in report.imports if one.function in over and one.imports)
    empty = sum(1 for one in report.imports if one.function in over and not one.imports)
    assert len(rows) == len(report.checks) + 1 + shown + empty
    assert re.fullmatch(r"<!-- [a-z0-9:-]+ -->", marker(report.file))


@settings(max_examples=examples(40), deadline=None)
@given(reports)
def test_the_table_cannot_control_a_terminal_and_a_saved_result_is_the_same(report: BudgetReport) -> None:
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", render_text(report, Style(width=100)))
    again = RESULT.decode(RESULT.encode(report), "result.json")
    assert len(again.checks) == len(report.checks)
    # UTF-8 has no half of a surrogate pair: there a question mark stands in the file.
    if not re.search("[\ud800-\udfff]", json.dumps(jsonable(report), ensure_ascii=False)):
        assert again == report


def test_a_long_report_fits_a_comment() -> None:
    check = Check("f" * 90, Measure.INIT, 1.0, 2.0, 2.0, 2.0, 9, Verdict.OVER, 1, "w" * 500)
    text = render_markdown(BudgetReport("budget.toml", (check,) * 500))
    assert len(text) < 65_000
    assert text.endswith("_The rest is in `-o json`._")
