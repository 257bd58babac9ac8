"""The positions of YAML and JSON values: each one is where its text is."""

import json
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from monitor.templates import json_nodes, yaml_nodes
from monitor.templates.nodes import Node, plain

KEYS = st.text("abc:#'\"\\ é\n", min_size=1, max_size=5)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.text("ab:#-{}[]'\"\\ é\n", max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


def scalars(node: Node) -> list[Node]:
    return [one for one in node.descendants() if one.kind == "scalar"]


@given(VALUES, st.sampled_from([None, 2, "\t"]))
def test_json_reads_as_the_standard_library_does(value: Any, indent: int | str | None) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    root = json_nodes.parse(text)
    assert plain(root) == value
    for one in root.descendants():
        assert json.loads(text[one.start : one.end]) == plain(one)


@given(VALUES, st.booleans())
def test_yaml_reads_as_the_library_does(value: Any, flow: bool) -> None:
    text = yaml.safe_dump(value, default_flow_style=flow, allow_unicode=True)
    root = yaml_nodes.parse(text)
    assert root is not None
    assert plain(root) == yaml.safe_load(text)
    for one in scalars(root):
        assert yaml.safe_load(text[one.start : one.end] or "null") == one.value or "\n" in text[one.start : one.end]


def test_short_forms_and_merge_keys_are_expanded() -> None:
    text = "a: &x {k: !Sub v, m: 1}\nb:\n  <<: *x\n  m: 2\nc: !GetAtt A.Arn\nd: !Ref D\n"
    root = yaml_nodes.parse(text)
    assert root is not None
    assert plain(root) == {
        "a": {"k": {"Fn::Sub": "v"}, "m": 1},
        "b": {"k": {"Fn::Sub": "v"}, "m": 2},
        "c": {"Fn::GetAtt": ["A", "Arn"]},
        "d": {"Ref": "D"},
    }


def test_an_anchor_with_an_alias_is_known_to_be_shared() -> None:
    root = yaml_nodes.parse("a: &x {k: 1}\nb: *x\nc: {k: 1}\n")
    assert root is not None
    shared = {str(key.value): value.is_shared for key, value in root.members}
    assert shared == {"a": True, "b": True, "c": False}


def test_lines_count_from_one() -> None:
    for parse, text in ((yaml_nodes.parse, "a: 1\nb:\n  c: 2\n"), (json_nodes.parse, '{"a": 1,\n"b": {\n"c": 2}}')):
        root = parse(text)
        assert root is not None
        found = root.get("b", "c")
        assert found is not None
        assert found.line == 3
