"""Columns of a tool that is not known, learned from the lines that have a record of Lambda's platform behind them.

What comes before these records has one shape in all of them: a time, words, brackets. A line of that shape begins an
event. If nearly every line has it, it does not tell where an event begins, and the lines are joined by their content.
"""

import re
from collections import Counter

from monitor.records.forms.columns import HeadedReader, head
from monitor.records.forms.form import Form, Reader, Sample, record_score
from monitor.records.forms.openings import match_head, without_any_color
from monitor.records.forms.plain import PlainReader
from monitor.records.forms.prefixes import PrefixedReader

_RECORD = re.compile(
    r"(?:START|END|REPORT) RequestId:[ \t]|INIT_START Runtime Version:"
    r'|\{\s?"time"\s?:\s?"[^"\n]{1,40}",\s?"type"\s?:\s?"platform\.'
)
_LONGEST_PREFIX = 400
# Without the marks that can follow a stream.
_STREAM = r"\d{4}/\d\d/\d\d/[\w.$-]{0,140}\[[\w$.-]{1,64}\][\w.-]{1,140}"
_TOKEN = re.compile(
    head(rf"{{local}}|{{epoch2}}|{{stream={_STREAM}}}|{{id}}").pattern
    + r"|(?P<group>/aws/[\w./#-]{1,500})|(?P<space>\s+)|(?P<word>[^\s\[\](){}<>|,;\"'=]+)|(?P<mark>.)"
)
_WORD = r"[^\s\[\](){}<>|,;\"'=]{1,200}"
# `grep -n` and `cat -n` number the lines.
_NUMBER = re.compile(r"\d{1,12}[:.)]?")
_PADDING = r"\s{0,64}"
_KINDS = {"time": "local", "time2": "epoch"}
_GROUPS = {"local": "time", "epoch": "time"}
_LEAST_RECORDS, _NEARLY_ALL, _MOST_ALIKE = 2, 0.98, 9

_Tokens = tuple[tuple[str, str], ...]


def begins_record(text: str) -> bool:
    """Whether a text begins with a record that begins an event in every form."""
    return _RECORD.match(text) is not None


def _tokens(prefix: str) -> _Tokens:
    """The kind and the text of each token. Spaces beside marks are left out, since tools pad columns."""
    tokens: list[tuple[str, str]] = []
    for match in _TOKEN.finditer(prefix.rstrip()):
        kind = _KINDS.get(match.lastgroup or "", match.lastgroup or "")
        if kind == "space" and tokens and tokens[-1][0] == "mark":
            continue
        if kind == "mark" and tokens and tokens[-1][0] == "space":
            tokens.pop()
        tokens.append((kind, match[0]))
    # More spaces than these are the message's.
    return (*tokens, ("end", prefix[len(prefix.rstrip()) :]))


def _shape(tokens: _Tokens) -> tuple[str, ...]:
    return tuple(text if kind == "mark" else kind for kind, text in tokens)


def _pattern(alike: list[_Tokens]) -> re.Pattern[str] | None:
    """The pattern of prefixes of one shape; None where it would match any line."""
    kinds = [kind for kind, _ in alike[0]]
    is_placed = not {"local", "epoch", "stream", "id"}.isdisjoint(kinds)
    # Marks alone, such as the "> " of a quotation, are the same in all lines.
    is_named = "word" not in kinds
    layout: list[str] = []
    seen: Counter[str] = Counter()
    for at, kind in enumerate(kinds):
        texts = {tokens[at][1] for tokens in alike}
        shortest = min(texts, key=len)
        if kind == "space":
            layout.append(r"\s{1,64}")
        elif kind == "mark":
            before, after = (_PADDING if at else ""), (_PADDING if kinds[at + 1] not in ("mark", "end") else "")
            layout.append(f"{before}{re.escape(shortest)}{after}")
        elif kind == "end":
            layout.append(re.escape(shortest))
        elif kind == "word" and len(texts) == 1 and not is_placed:
            is_named = True
            layout.append(re.escape(shortest))
        elif kind == "word" and all(map(_NUMBER.fullmatch, texts)):
            is_named = True
            layout.append(_NUMBER.pattern)
        elif kind == "word":
            layout.append(_WORD)
        else:
            name = _GROUPS.get(kind, kind)
            seen[name] += 1
            number = str(seen[name]) if seen[name] > 1 else ""
            own = _STREAM if kind == "stream" else ""
            layout.append(f"{{{kind}{number}{own and f'={own}'}}}")
    most = max(seen.values(), default=0)
    return head("".join(layout)) if (is_placed or is_named) and most <= _MOST_ALIKE else None


def learn(lines: list[str]) -> re.Pattern[str] | None:
    """The pattern of what comes before Lambda's records; None where it is nothing, or not the same in all of them."""
    found: list[_Tokens] = []
    for line in lines:
        text = without_any_color(line)
        if begins_record(text):
            return None
        match = _RECORD.search(text, 1, _LONGEST_PREFIX)
        if match is not None:
            found.append(_tokens(text[: match.start()]))
    if len(found) < _LEAST_RECORDS:
        return None
    shape, count = Counter(map(_shape, found)).most_common(1)[0]
    if count < _LEAST_RECORDS or count * 10 < len(found) * 9:
        return None
    return _pattern([tokens for tokens in found if _shape(tokens) == shape])


def _score(sample: Sample) -> float:
    pattern = learn(sample.lines)
    if pattern is None:
        return 0.0
    return record_score([found[1] for line in sample.lines if (found := match_head(pattern, line)) is not None])


def _reader(sample: Sample) -> Reader:
    pattern = learn(sample.lines)
    if pattern is None:
        return PlainReader(sample.newline)
    filled = [line for line in sample.lines if line.strip()]
    matching = sum(1 for line in filled if match_head(pattern, line) is not None)
    if matching >= len(filled) * _NEARLY_ALL:
        return PrefixedReader(pattern, sample.newline)
    return HeadedReader(pattern, sample)


LEARNED = Form(
    "learned-columns",
    "lines with columns that no known tool writes, before Lambda's records",
    _score,
    _reader,
    example="any tool that writes a time or a name before each line",
)
