"""What the documentation site does beyond mkdocs' own: the pages of two folders, links into the repository."""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

_REPOSITORY = "https://github.com/lambda-monitor/lambda-monitor/blob/main/"
_FOLDERS = (("Rules", "rules"), ("Decisions", "decisions"))
_LINK = re.compile(r"(\]\()([^)#\s:]+)(#[^)\s]*)?(\))")
_FETCHED = re.compile(r"""<(?:script|img|iframe|source|link)\b[^>]*?\b(?:src|href)=["']?(?:https?:)?//[^>]*>""")
_FETCHED_BY_STYLE = re.compile(r"(?:@import|url\()\s*[\"']?(?:https?:)?//")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """List every rule and every decision, so that a new page needs no line in mkdocs.yml."""
    docs = Path(config.docs_dir)
    for title, folder in _FOLDERS:
        pages = sorted(f"{folder}/{path.name}" for path in (docs / folder).glob("*.md") if path.name != "README.md")
        config.nav.append({title: [f"{folder}/README.md", *pages]})
    return config


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Point links that leave docs/ at the repository, and links to a folder of docs/ at its README."""
    docs = Path(config.docs_dir).resolve()
    here = (docs / page.file.src_uri).parent

    def followed(link: re.Match[str]) -> str:
        before, target, anchor, after = link[1], link[2], link[3] or "", link[4]
        place = (here / target).resolve()
        if not place.is_relative_to(docs):
            return f"{before}{_REPOSITORY}{place.relative_to(docs.parent).as_posix()}{anchor}{after}"
        if place.is_dir():
            return f"{before}{target.rstrip('/')}/README.md{anchor}{after}"
        return link[0]

    return _LINK.sub(followed, markdown)


def on_post_build(config: MkDocsConfig) -> None:
    """Fail where a page or a style sheet would fetch something from another site."""
    site = Path(config.site_dir)
    for path in sorted([*site.rglob("*.html"), *site.rglob("*.css")]):
        pattern = _FETCHED if path.suffix == ".html" else _FETCHED_BY_STYLE
        if found := pattern.search(path.read_text(encoding="utf-8")):
            raise PluginError(f"{path.relative_to(site)} fetches from outside: {found[0][:120]}")
