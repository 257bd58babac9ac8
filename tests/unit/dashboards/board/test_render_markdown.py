"""A text widget's Markdown: what it may do, and what it may not."""

import pytest

from monitor.dashboards.board.render_markdown import render_markdown


def test_what_cloudwatch_draws_is_drawn() -> None:
    html = render_markdown("# Big\n\n**bold** `code`\n\n| a | b |\n|:--|--:|\n| 1 | 2 |\n\n* one\n* two")

    assert '<h3 class="level1">Big</h3>' in html
    assert "<strong>bold</strong> <code>code</code>" in html
    # An alignment would be an inline style, which the page's policy forbids.
    assert "<th>a</th>" in html
    assert "style=" not in html
    assert html.count("<li>") == 2


def test_links_and_buttons_lead_out_and_nothing_is_fetched() -> None:
    html = render_markdown(
        "[docs](https://example.com) [button:primary:Go](https://example.com/go) ![p](https://e.com/p.png)"
    )

    assert '<a href="https://example.com" rel="noopener noreferrer">docs</a>' in html
    assert '<a href="https://example.com/go" rel="noopener noreferrer" class="button">Go</a>' in html
    assert '<a href="https://e.com/p.png" rel="noopener noreferrer">p</a>' in html
    assert "<img" not in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt&#58;alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        "![x](javascript:alert(1))",
        "![\"><script>alert(1)</script>](https://e.com/\"onerror=alert(1))",
        "<https://e.com/\"onmouseover=alert(1)>",
        "```<script>\nalert(1)\n```",
        "\x1b]0;title\x07 \u202e",
    ],
)  # fmt: skip
def test_what_means_harm_is_shown_and_does_nothing(text: str) -> None:
    html = render_markdown(text)

    assert "<script" not in html
    assert "<img" not in html
    for scheme in ("javascript:", "data:", "vbscript:"):
        assert f'href="{scheme}' not in html.lower()
    assert '" on' not in html
    assert not set("\x1b\x07\u202e") & set(html)
