"""Which wheels a managed runtime loads: pip, told the same platforms, is the judge."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.packages.inspect.platforms import MACHINES, tag_fits, wheel_platforms

PYTHONS = ["3.9", "3.10", "3.11", "3.12", "3.13", "3.14"]
INTERPRETERS = st.sampled_from(["cp38", "cp39", "cp310", "cp311", "cp312", "cp313", "py3", "py2.py3", "py312", "pp311"])
ABIS = st.sampled_from(["none", "abi3", "cp39", "cp311", "cp312", "cp313", "cp313t", "pypy311_pp73"])
PLATFORMS = st.sampled_from(
    ["any", "linux_x86_64", "manylinux1_x86_64", "manylinux2010_x86_64", "manylinux2014_aarch64", "win_amd64",
     "manylinux_2_17_x86_64.manylinux2014_x86_64", "manylinux_2_26_x86_64", "manylinux_2_28_aarch64",
     "manylinux_2_34_x86_64", "manylinux_2_35_x86_64", "musllinux_1_2_x86_64", "macosx_11_0_arm64"]
)  # fmt: skip


@pytest.mark.parametrize("architecture", MACHINES)
@pytest.mark.parametrize("python", PYTHONS)
@given(st.lists(st.builds("{}-{}-{}".format, INTERPRETERS, ABIS, PLATFORMS), min_size=10, max_size=20))
def test_pip_would_install_the_same_wheels(python: str, architecture: str, tags: list[str]) -> None:
    target = pytest.importorskip("pip._internal.models.target_python", reason="pip is not installed here")
    parse_tag = pytest.importorskip("pip._vendor.packaging.tags").parse_tag
    major, _, minor = python.partition(".")
    pips = target.TargetPython(
        platforms=wheel_platforms(python, architecture), py_version_info=(int(major), int(minor)), implementation="cp"
    )
    # pip renamed the method, and this environment's pip is the one that came with Python.
    supported = frozenset(pips.get_sorted_tags() if hasattr(pips, "get_sorted_tags") else pips.get_tags())
    for tag in tags:
        assert tag_fits(tag, python, architecture) is bool(parse_tag(tag) & supported), tag


@pytest.mark.parametrize("tag", ["", "x", "a-b", "a-b-c-d", "-----", "cp312-cp312"])
def test_what_is_no_tag_fits_nowhere(tag: str) -> None:
    assert not tag_fits(tag, "3.12", "x86_64")


def test_of_a_target_that_is_not_known_any_runtime_will_do() -> None:
    assert tag_fits("cp311-cp311-manylinux2014_aarch64", None, None)
    assert tag_fits("cp311-cp311-manylinux2014_aarch64", "3.11", None)
    assert not tag_fits("cp311-cp311-manylinux2014_aarch64", "3.12", None)
    assert not tag_fits("cp311-cp311-win_amd64", None, None)
