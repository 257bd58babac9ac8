"""The page of a diagnosis: one file, nothing from outside, every text inert."""

import itertools
import re
from dataclasses import replace

import pytest

from monitor.diagnose.model import Diagnosis
from monitor.diagnose.report.html import render_html
from monitor.records.imports import ImportNode, ImportProfile
from monitor.records.init_record import ImportedModule, InitImports
from tests.unit.diagnose.report.diagnosis_factory import (
    cold_starts,
    evidence,
    healthy,
    hostile,
    init_record,
    lazy_pandas,
    slow,
    unknown,
)
from tests.unit.traces.test_render_html import EVIL, Page


def seen(diagnosis: Diagnosis) -> str:
    return " ".join(" ".join(Page(render_html(diagnosis)).text).split())


def test_it_is_read_top_down() -> None:
    text = seen(slow())
    order = [
        "1.07 s",
        "A first call takes",
        "Where the time goes",
        "What to change",
        "pandas is imported at init",
        "The package holds no bytecode",
        "Minor findings",
        "A start in detail",
        "Imports and package",
        "Cold starts over time",
        "Sources",
    ]
    places = [text.index(one, 40) for one in order]
    assert places == sorted(places)


@pytest.mark.parametrize("made", [slow, healthy, unknown, lambda: hostile(EVIL)])
def test_a_page_refers_to_nothing_outside(made: "type[Diagnosis]") -> None:
    page = Page(render_html(made()))
    for tag, attributes in page.elements:
        assert not {"src", "href", "action", "data", "poster", "srcset", "style"} & set(attributes), tag
        assert not any(name.startswith("on") for name in attributes)
        assert not any("url(" in (value or "") and value != "url(#idle)" for value in attributes.values())
    assert not {"link", "iframe", "object", "embed", "img", "base", "form", "a", "use"} & {
        one for one, _ in page.elements
    }


def test_hostile_text_stays_text() -> None:
    page = Page(render_html(hostile(EVIL)))
    assert sum(tag == "script" for tag, _ in page.elements) == 1
    assert not any(tag == "img" for tag, _ in page.elements)
    text = "".join(page.text)
    assert "<script>alert(1)</script>" in text
    assert "{{ 7*7 }}" in text
    assert "\x1b" not in render_html(hostile(EVIL))


def test_only_the_page_s_own_script_and_style_may_run() -> None:
    (policy,) = re.findall(r'Security-Policy" content="([^"]*)"', render_html(slow()).replace("&#39;", "'"))
    assert policy.startswith("default-src 'none'")
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/]{43}='", policy)
    assert re.search(r"style-src 'sha256-[A-Za-z0-9+/]{43}='", policy)
    assert "unsafe" not in policy


def test_a_finding_opens_to_its_evidence_its_patch_and_its_trial() -> None:
    text = seen(slow())
    for expected in (
        "Likely saves 350 ms per start (between 270 ms and 380 ms).",
        "Estimate: what its imports took in 42 init records",
        "imported at app/services/report.py:1",
        "-import pandas",
        "before 819 ms, after 506 ms",
        "452 ms scaled to the function (an estimate",
        "costs $3.20 a month",
    ):
        assert expected in text
    page = Page(render_html(slow()))
    details = [attributes for tag, attributes in page.elements if tag == "details"]
    assert len(details) == 5
    assert ["open" in one for one in details] == [True, False, False, False, False]


def test_what_is_missing_is_left_out_and_said() -> None:
    text = seen(unknown())
    assert "The duration of a first call is not known: the log group does not exist yet." in text
    for heading in ("Where the time goes", "A start in detail", "Imports and package", "Cold starts over time"):
        assert f"{heading} " not in text
    assert "aws lambda invoke --function-name" in text
    assert "No finding is worth changing" in seen(healthy())


def test_the_slices_fill_the_bar_once() -> None:
    stack = render_html(slow()).partition('class="stack"')[2].partition("</table>")[0]
    places = [(float(x), float(width)) for x, width in re.findall(r'<svg x="([\d.]+)%" width="([\d.]+)%"', stack)]
    assert len(places) == 7
    assert sum(width for _, width in places) == pytest.approx(100, abs=0.2)
    for (x, width), (following, _) in itertools.pairwise(places):
        assert following == pytest.approx(x + width, abs=0.01)


def test_a_function_of_thousands_of_starts_and_modules_is_a_page_below_two_megabytes() -> None:
    def deep(at: int, levels: int) -> ImportedModule:
        children = tuple(deep(at * 10 + n, levels - 1) for n in range(5)) if levels else ()
        return ImportedModule(f"package_{at}.a_module_of_some_length", 0, 1.0, 0.5, 5.0**levels, children)

    def node(module: ImportedModule) -> ImportNode:
        return ImportNode(module.module, 1, module.cumulative_ms, "/var/task", tuple(map(node, module.children)))

    modules = tuple(deep(n, 4) for n in range(1, 6))
    record = replace(init_record(), imports=InitImports(9_999, 4_000, 0, 0, modules))
    some = cold_starts()
    starts = tuple(replace(some[n % 42], at_ms=n * 60_000 + 1, init_record=record) for n in range(5_000))
    profile = ImportProfile("f", "init records", 5_000, 4_000, tuple(map(node, modules)), ())
    finding = replace(lazy_pandas(), evidence=lazy_pandas().evidence * 40)
    many = replace(evidence(), cold_starts=starts, imports=profile, window=None)
    page = render_html(replace(slow(), evidence=many, findings=(finding,) * 50, minor=(finding,) * 50))
    assert len(page.encode()) < 2_000_000
    assert "3750 more are not drawn" in page
