"""Which texts name an invocation."""

import pytest

from monitor.logs.workflow_find import is_invocation_name

ID = "5b86d4d4-0c1f-4d2c-9a0e-3f7e5b8f6a11"


@pytest.mark.parametrize("text", ["latest", "slowest-cold", *(ID[:length] for length in range(8, 37)), ID.upper()])
def test_a_keyword_and_a_request_id_of_any_length_name_an_invocation(text: str) -> None:
    assert is_invocation_name(text)


@pytest.mark.parametrize("text", ["", "my-function", ID[:7], f"{ID}0", "Latest", "5b86d4d4 0c1f"])
def test_other_texts_do_not(text: str) -> None:
    assert not is_invocation_name(text)
