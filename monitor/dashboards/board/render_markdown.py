"""Render the Markdown of a text widget as safe HTML: no raw HTML, no scripts, no images."""

import re
from collections.abc import Sequence
from functools import cache
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from monitor.console.text import clean_lines

# Buttons of CloudWatch: [button:Text](url), [button:primary:Text](url).
_BUTTON = re.compile(r"button:(?:primary:)?\s*")
_LONGEST = 100_000
# The page uses h1 for the dashboard and h2 for widgets.
_BELOW = 2


def render_markdown(text: str) -> str:
    """The HTML of `text`: CommonMark with tables and strikethrough.

    HTML in the text is escaped. Links are limited to http, https and mailto. Images become links, since the page makes
    no requests.
    """
    rendered: str = _parser().render("\n".join(clean_lines(text[:_LONGEST])))
    return rendered


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False})
    parser.enable(["table", "strikethrough"])
    parser.validateLink = _is_harmless  # type: ignore[method-assign]
    parser.add_render_rule("image", _image)
    parser.add_render_rule("link_open", _link)
    for rule in ("heading_open", "heading_close"):
        parser.add_render_rule(rule, _heading)
    for rule in ("th_open", "td_open"):
        parser.add_render_rule(rule, _cell)
    return parser


def _is_harmless(url: str) -> bool:
    return bool(re.match(r"(?:https?:|mailto:|#|/(?!/))", url.strip(), re.IGNORECASE))


def _image(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:  # noqa: ARG001
    token = tokens[index]
    source = str(token.attrs.get("src", ""))
    return f'<a href="{escape(source)}" rel="noopener noreferrer">{escape(token.content) or "image"}</a>'


def _link(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    token.attrSet("rel", "noopener noreferrer")
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    if following is not None and following.type == "text" and (button := _BUTTON.match(following.content)):
        following.content = following.content[button.end() :]
        token.attrSet("class", "button")
    return str(self.renderToken(tokens, index, options, env))


def _heading(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:  # noqa: ARG001
    token = tokens[index]
    level = min(6, int(token.tag[1]) + _BELOW)
    return f'<h{level} class="level{token.tag[1]}">' if token.nesting == 1 else f"</h{level}>\n"


def _cell(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:  # noqa: ARG001
    # The alignment is an inline style, which the policy of the page blocks.
    return f"<{tokens[index].tag}>"
