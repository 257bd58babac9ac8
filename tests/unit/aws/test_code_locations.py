"""What GetFunction says of a function's runtime, as a server in the middle may change it."""

import pytest

from monitor.aws.code_locations import _python


@pytest.mark.parametrize(
    ("runtime", "python"),
    [
        ("python3.13", "3.13"),
        ("python3.9", "3.9"),
        ("nodejs22.x", None),
        (None, None),
        ("", None),
        ("python", None),
        ("python3.11\x1b]0;owned\x07", None),
        ("python3.11\n", None),
        ("python3.\u0661\u0661", None),
        ("python" + "9" * 5000, None),
    ],
)
def test_only_a_version_is_a_version(runtime: str | None, python: str | None) -> None:
    assert _python(runtime) == python
