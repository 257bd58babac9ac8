"""Requirements and the lines that hold them: packaging and pip are the judges of what is read."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.packages.parse_requirements import (
    applies,
    canonical,
    decode,
    options_of,
    required_name,
    requirement_lines,
    requirement_of,
)

PIECES = st.sampled_from(
    ["click", "boto3==1", "# why", " # why", "#", "\\", " \\", "\n", "\n", "\n", "\r\n", "  ", "\t", "--hash=sha256:00",
     "-r more.txt", "; python_version > '3'", "a#b", "\x0c"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=12).map("".join))
@example("click \\\n    --hash=sha256:00 \\\n# why\nboto3\n")
@example("click # why \\\nboto3\n")
@example("click\\")
def test_lines_are_joined_and_stripped_of_comments_as_pip_does(text: str) -> None:
    req_file = pytest.importorskip("pip._internal.req.req_file", reason="pip is not installed here")
    assert list(requirement_lines(text)) == list(req_file.preprocess(text))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("click", "click"),
        ("Click >= 8 , < 9", "Click<9,>=8"),
        ("click (>=8)", "click>=8"),
        ("fastapi[all, standard]>=0.1 ; python_version >= '3.8' --hash=sha256:00", None),
        ("click==8.1 --hash=sha256:00 --hash=sha256:01", "click==8.1"),
        ("click\t--config-settings=a=b", "click"),
        ("pillow @ https://example.test/p.whl#sha256=1", "pillow@ https://example.test/p.whl#sha256=1"),
    ],
)
def test_a_requirement_is_read_without_pip_s_options(line: str, said: str | None) -> None:
    found = requirement_of(line)
    assert found is not None
    assert said is None or str(found) == said or str(found) == said.replace("@", " @")
    assert found.extras == ({"all", "standard"} if "all" in line else set())


@pytest.mark.parametrize(
    "line",
    ["-e .", "./wheels/a.whl", "a-1.0-py3-none-any.whl", "src.tar.gz", "https://example.test/a.whl", "fastapi=1",
     "git+https://example.test/a.git", "--index-url https://example.test", "-c limits.txt", "", "${NAME}"],
)  # fmt: skip
def test_what_names_no_distribution_is_none(line: str) -> None:
    assert requirement_of(line) is None


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("Typing_Extensions>=4", "typing-extensions"),
        ("pytz (>dev)", "pytz"),
        ("requests (>=2.*,<=3.*)", "requests"),
        ("zope.interface", "zope-interface"),
        ("a ; extra == 'x'", None),
        ("a ; python_version < '3' and (extra == 'x' or extra == 'y')", None),
        ("a ; 'x' == extra", None),
        ("a ; platform_machine == 'extra'", "a"),
        ("a ; sys_platform == 'win32'", "a"),
        ("https://example.test/a.whl", None),
        ("", None),
    ],
)
def test_the_name_that_metadata_requires(line: str, name: str | None) -> None:
    assert required_name(line) == name


EXTRA_INDEX = ("--extra-index-url", "https://b.test")


@pytest.mark.parametrize(
    ("line", "options"),
    [
        ("-r more.txt", [("--requirement", "more.txt")]),
        ("-rmore.txt", [("--requirement", "more.txt")]),
        ("-r 'my file.txt'", [("--requirement", "my file.txt")]),
        ("--requirement=more.txt", [("--requirement", "more.txt")]),
        ("-c limits/c.txt", [("--constraint", "limits/c.txt")]),
        ("-e ./libs/common ; python_version > '3'", [("--editable", "./libs/common")]),
        ("--require-hashes", [("--require-hashes", "")]),
        ("-i https://example.test/simple", [("--index-url", "https://example.test/simple")]),
        ("--find-links wheels --no-index", [("--find-links", "wheels"), ("--no-index", "")]),
        ("--no-index -fwheels --pre", [("--no-index", ""), ("--find-links", "wheels"), ("--pre", "")]),
        ("-i https://a.test --extra-index-url=https://b.test", [("--index-url", "https://a.test"), EXTRA_INDEX]),
        ("requests", []),
    ],
)
def test_the_options_of_a_line_have_long_names_and_values(line: str, options: list[tuple[str, str]]) -> None:
    assert options_of(line) == options


TEXTS = ["click==8.1\n# grüße\nidna\n", "a\n", ""]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("text", TEXTS)
def test_every_encoding_that_pip_reads_is_read(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


def test_a_coding_comment_names_the_encoding() -> None:
    assert decode("# -*- coding: latin-1 -*-\nnaïve\n".encode("latin-1")).endswith("naïve\n")
    assert decode(b"caf\xe9\n") == "caf\xe9\n"


def test_a_marker_of_several_extras_holds_for_each_of_them() -> None:
    requirement = requirement_of("rich>=13 ; (extra == 'all' or extra == 'pretty') and python_version > '3'")
    assert requirement is not None
    assert [applies(requirement, [extra]) for extra in ("all", "pretty", "other", "")] == [True, True, False, False]
    assert applies(requirement, ["", "other", "pretty"])


def test_all_spellings_of_a_name_are_one() -> None:
    assert {canonical(name) for name in ("Ruamel.YAML", "ruamel-yaml", "ruamel__yaml")} == {"ruamel-yaml"}
