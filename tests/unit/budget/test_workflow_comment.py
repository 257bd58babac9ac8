"""One comment on a pull request, by a fake of GitHub's API on loopback."""

from collections.abc import Iterator

import pytest

from monitor.budget.model_forge import MergeRequest, PullRequest
from monitor.budget.parse_saved import pull_request_number
from monitor.budget.render_markdown import marker
from monitor.budget.workflow_comment import Commented, comment
from monitor.errors import MonitorError, RefusedError, UnreachableError, UsageError
from tests.fakes.forge import BOT, GITLAB_TOKEN, NUMBER, PROJECT, REPOSITORY, TOKEN, Forge, forge

MARK = marker("budget.toml")
ALICE = {"login": "alice", "type": "User"}


@pytest.fixture
def it() -> Iterator[Forge]:
    with forge() as running:
        yield running


def on(it: Forge, token: str = TOKEN) -> PullRequest:
    return PullRequest(it.url, REPOSITORY, NUMBER, token)


def test_the_first_failure_makes_a_comment_and_the_next_ones_update_it(it: Forge) -> None:
    assert comment(on(it), "ok", MARK, only_update=True) is Commented.NOT_NEEDED
    assert it.comments == []
    assert comment(on(it), "one", MARK, only_update=False) is Commented.CREATED
    assert comment(on(it), "two", MARK, only_update=False) is Commented.UPDATED
    assert comment(on(it), "two", MARK, only_update=False) is Commented.UNCHANGED
    assert comment(on(it), "all well", MARK, only_update=True) is Commented.UPDATED
    assert [one["body"] for one in it.comments] == [f"{MARK}\nall well"]


def test_a_merge_request_on_gitlab_gets_one_note_that_is_updated(it: Forge) -> None:
    on = MergeRequest(f"{it.url}/api/v4/", PROJECT, NUMBER, GITLAB_TOKEN)
    it.comments += [
        {"id": 1, "body": f"{MARK}\nof somebody else", "author": {"username": "alice"}},
        {"id": 2, "body": "mentioned in a commit", "system": True, "author": {"username": "project_42_bot"}},
        {"id": 3, "body": None, "author": None},
    ]
    assert comment(on, "ok", MARK, only_update=True) is Commented.NOT_NEEDED
    assert comment(on, "one", MARK, only_update=False) is Commented.CREATED
    assert comment(on, "two", MARK, only_update=False) is Commented.UPDATED
    assert comment(on, "two", MARK, only_update=True) is Commented.UNCHANGED
    assert [one["body"] for one in it.comments[3:]] == [f"{MARK}\ntwo"]
    assert it.comments[0]["body"].endswith("somebody else")
    it.status = 403
    with pytest.raises(RefusedError) as caught:
        comment(on, "x", MARK, only_update=False)
    assert "scope `api`" in caught.value.hint
    assert GITLAB_TOKEN not in caught.value.message + caught.value.hint + repr(on)


@pytest.mark.parametrize(
    ("url", "project", "token"),
    [
        ("http://gitlab.com/api/v4", PROJECT, GITLAB_TOKEN),
        ("", PROJECT, GITLAB_TOKEN),
        ("https://gitlab.com/api/v4", "42/../43", GITLAB_TOKEN),
        ("https://gitlab.com/api/v4", "", GITLAB_TOKEN),
        ("https://gitlab.com/api/v4", PROJECT, ""),
    ],
)
def test_what_the_token_of_gitlab_must_not_be_sent_to_is_refused(url: str, project: str, token: str) -> None:
    with pytest.raises(UsageError):
        MergeRequest(url, project, NUMBER, token).check()


def test_two_budget_files_have_a_comment_each(it: Forge) -> None:
    comment(on(it), "one", marker("a/budget.toml"), only_update=False)
    comment(on(it), "two", marker("b/budget.toml"), only_update=False)
    assert len(it.comments) == 2


def test_the_comment_is_found_behind_many_others(it: Forge) -> None:
    for number in range(250):
        it.add(f"words {number}", ALICE)
    it.add(f"{MARK}\nold", BOT)
    assert comment(on(it), "new", MARK, only_update=False) is Commented.UPDATED
    assert len(it.comments) == 251


@pytest.mark.parametrize("user", [None, {"login": "release", "type": "User"}], ids=["workflow", "person"])
def test_a_comment_of_somebody_else_with_the_marker_is_left_alone(it: Forge, user: dict[str, str] | None) -> None:
    it.user = user
    it.add(f"{MARK}\nmine", ALICE)
    assert comment(on(it), "new", MARK, only_update=False) is Commented.CREATED
    assert comment(on(it), "newer", MARK, only_update=False) is Commented.UPDATED
    assert [one["body"] for one in it.comments] == [f"{MARK}\nmine", f"{MARK}\nnewer"]


@pytest.mark.parametrize(("status", "error"), [(403, RefusedError), (404, RefusedError), (502, UnreachableError)])
def test_a_refused_comment_is_an_error_without_the_token(it: Forge, status: int, error: type[MonitorError]) -> None:
    it.status = status
    with pytest.raises(error) as caught:
        comment(on(it), "x", MARK, only_update=False)
    assert TOKEN not in caught.value.message + caught.value.hint + repr(on(it))


def test_a_redirect_is_not_followed(it: Forge) -> None:
    with forge() as other:
        it.status, it.location = 302, f"{other.url}/elsewhere"
        with pytest.raises(UnreachableError):
            comment(on(it), "x", MARK, only_update=False)
        assert other.requests == []


@pytest.mark.parametrize(
    ("url", "repository", "token"),
    [
        ("http://api.github.com", REPOSITORY, TOKEN),
        ("https://user@api.github.com", REPOSITORY, TOKEN),
        ("file:///etc", REPOSITORY, TOKEN),
        ("https://[", REPOSITORY, TOKEN),
        ("https://api.github.com", "acme/images/../../user", TOKEN),
        ("https://api.github.com", "acme/..", TOKEN),
        ("https://api.github.com", REPOSITORY, ""),
        ("https://api.github.com", REPOSITORY, "a\r\nX: y"),
    ],
)
def test_what_the_token_must_not_be_sent_to_is_refused(url: str, repository: str, token: str) -> None:
    with pytest.raises(UsageError) as caught:
        PullRequest(url, repository, NUMBER, token).check()
    assert not token or token not in caught.value.message


@pytest.mark.parametrize(
    ("event", "number"),
    [
        (b'{"pull_request": {"number": 7}}', 7),
        (b'{"number": 7}', None),
        (b'{"pull_request": {"number": true}}', None),
        (b'{"pull_request": {"number": "7/../8"}}', None),
        (b"[]", None),
        (b"[" * 100_000, None),
        (b"\xff", None),
    ],
)
def test_the_number_of_the_pull_request(event: bytes, number: int | None) -> None:
    assert pull_request_number(event) == number
