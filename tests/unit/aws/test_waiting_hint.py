"""What is said while a call is not answered."""

import pytest

from monitor.aws.connection import Connection


@pytest.mark.parametrize(("command", "is_named"), [("metrics", True), ("tail", True), ("local run", False)])
def test_the_hint_names_timeout_only_where_it_ends_the_command(command: str, is_named: bool) -> None:
    assert ("--timeout 30s" in Connection(command=command)._waiting_hint) is is_named
