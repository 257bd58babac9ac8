"""A diagnosis as a comment on a pull request."""

import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from monitor.diagnose.model_finding import Change, ChangeKind
from monitor.diagnose.report.markdown import block, code, prose, render_markdown
from tests.unit.diagnose.report.diagnosis_factory import NAME, healthy, hostile, lazy_pandas, slow, unknown

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
EVIL = (
    "</details><script>alert(1)</script><!-- ![p](https://e.com/p.png) [l](javascript:alert(1)) <https://e.com> "
    "@octocat fixes #12 GH-9 www.e.com https://e.com `` ``` ~~~ **b** _i_ | $x$ \\ \n\n# head\n- item\n    code\x1b[31m"
)


def tokens(text: str) -> list[Token]:
    every = []
    for token in PARSER.parse(text):
        every += [token, *(token.children or ())]
    return every


def html_of(text: str) -> set[str]:
    return set(re.findall(r"</?\w+>", " ".join(one.content for one in tokens(text) if one.type.startswith("html"))))


def test_the_number_comes_first_then_where_it_goes_then_what_to_change() -> None:
    text = render_markdown(slow())
    assert text.startswith(f"## Cold starts of `{NAME}`\n\n**A first call takes 1.07 s")
    order = ["| import pandas | 361 ms (34%) |", "### What to change", "| 1 | Import it where", "<details>", "```diff"]
    places = [text.index(one) for one in order]
    assert places == sorted(places)
    assert "_" not in re.sub(r"\\_|`[^`]*`|```.*?```", "", text, flags=re.DOTALL)


def test_a_patch_stands_in_a_fence_as_it_is() -> None:
    (fence,) = [one for one in tokens(render_markdown(slow())) if one.type == "fence" and one.info == "diff"]
    assert fence.content == lazy_pandas().changes[0].text


def test_nothing_to_change_is_said() -> None:
    assert "**No finding is worth changing" in render_markdown(healthy())
    assert "is not known: the log group does not exist yet" in render_markdown(unknown())


def test_a_hostile_function_forms_nothing_of_its_own() -> None:
    text = render_markdown(hostile(EVIL))
    found = tokens(text)
    assert html_of(text) <= {"<details>", "</details>", "<summary>", "</summary>"}
    assert sum("<details>" in one.content for one in found if one.type == "html_block") == 2
    assert not {one.type for one in found} & {"link_open", "image", "em_open", "s_open", "code_block", "hr"}
    headings = [found[at + 1].content for at, one in enumerate(found) if one.type == "heading_open"]
    assert len(headings) == 5
    assert "\x1b" not in text


def test_nobody_is_mentioned_and_nothing_is_linked() -> None:
    plain = [one.content for one in tokens(render_markdown(hostile(EVIL))) if one.type == "text"]
    summaries = re.findall(r"<summary>(.*?)</summary>", render_markdown(hostile(EVIL)))
    assert summaries
    for text in [*plain, *summaries]:
        assert not re.search(r"@\w|#\d+(?!;)\b(?!;)|GH-\d|://|www\.", text), text


@pytest.mark.parametrize(
    "text", ["# head", "- item", "+ item", "1. item", "12) item", "===", "---", "> quote", "    x"]
)
def test_a_line_begins_nothing(text: str) -> None:
    assert [one.type for one in PARSER.parse(f"above\n{prose(text)}")] == [
        "paragraph_open",
        "inline",
        "paragraph_close",
    ]
    assert [one.type for one in PARSER.parse(prose(text))] == ["paragraph_open", "inline", "paragraph_close"]


def test_what_stands_between_backticks_is_code_and_nothing_else_is() -> None:
    (inline,) = [one for one in PARSER.parse(prose("call `a_b(*x)` | at `<b>` once")) if one.type == "inline"]
    spans = [one.content for one in inline.children or [] if one.type == "code_inline"]
    assert spans == ["a_b(*x)", "<b>"]
    assert tokens(prose("one ` alone"))[2].content == "one ` alone"


@pytest.mark.parametrize("text", ["a`b", "``", " a ", "`", "", "a``b`c", "|", "\n"])
def test_a_code_span_is_one_span(text: str) -> None:
    (inline,) = [one for one in PARSER.parse(code(text) + " after") if one.type == "inline"]
    children = inline.children or []
    assert [one.type for one in children] in (["code_inline", "text"], ["text"])


def test_a_fence_is_not_closed_from_inside() -> None:
    (fence,) = PARSER.parse(block("```\n````\n<b>x</b>\n```"))
    assert fence.type == "fence"
    assert "<b>" in fence.content


def test_it_stays_below_what_a_comment_holds() -> None:
    change = Change(ChangeKind.PATCH, "x" * 900, "+" + "y" * 80 + "\n")
    finding = replace(lazy_pandas(), changes=(replace(change, text=change.text * 400),) * 2)
    text = render_markdown(replace(slow(), findings=(finding,) * 40, trials=()))
    assert len(text) < 65_536
    assert "see `-o json`" in text
    assert text.count("<details>") == text.count("</details>") > 1
