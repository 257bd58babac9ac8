"""A cloned repository that brings its own configuration: it must not see a request, choose an account, or spend."""

import json
import os
from pathlib import Path

import pytest

from tests.attacks.commands import SECRET, TOKEN, listening, run, run_in_terminal

FORMS = {"monitor.toml": "{}", "pyproject.toml": "[tool.monitor]\n{}"}
COMMANDS = (
    ("metrics", "fn", "--since", "5m"),
    ("coldstarts", "fn"),
    ("tail", "fn", "--no-follow"),
    ("dashboard", "list"),
    ("doctor",),
    ("function", "show", "fn"),
)


def project(folder: Path, text: str, form: str = "monitor.toml") -> None:
    (folder / form).write_text(FORMS[form].format(text) + "\n", encoding="utf-8")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    place = tmp_path / "home"
    place.mkdir()
    return place


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    place = tmp_path / "clone"
    place.mkdir()
    return place


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_project_s_file_redirects_no_signed_request(
    clone: Path, home: Path, command: tuple[str, ...], form: str
) -> None:
    with listening() as attacker:
        project(clone, f'endpoint_url = "{attacker.endpoint}"', form)
        done = run(*command, cwd=clone, HOME=str(home))
    assert attacker.requests == []
    assert done.code == 2
    assert f"{clone / form} sets endpoint_url" in done.err
    assert "--endpoint-url" in done.err


def test_a_project_s_file_picks_no_profile(clone: Path, home: Path) -> None:
    (home / ".aws").mkdir()
    (home / ".aws" / "credentials").write_text(
        "[victim]\naws_access_key_id = AKIAVICTIM\naws_secret_access_key = s\n", encoding="utf-8"
    )
    project(clone, 'profile = "victim"')
    with listening() as own:
        done = run("dashboard", "list", cwd=clone, HOME=str(home), AWS_ENDPOINT_URL=own.endpoint)
        assert (done.code, own.requests) == (2, [])
        # A profile that the user names needs nobody's consent.
        run("dashboard", "list", "--profile", "victim", cwd=clone, HOME=str(home), AWS_ENDPOINT_URL=own.endpoint)
        assert "AKIAVICTIM" in "".join(own.requests)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("setting", ['profile = "victim"', 'endpoint_url = "{}"', 'regions = ["us-gov-west-1"]'])
def test_a_stage_of_a_project_s_file_gives_no_endpoint_profile_or_region(
    clone: Path, home: Path, setting: str, form: str
) -> None:
    (home / ".aws").mkdir()
    (home / ".aws" / "credentials").write_text(
        "[victim]\naws_access_key_id = AKIAVICTIM\naws_secret_access_key = s\n", encoding="utf-8"
    )
    table = "[tool.monitor.stage.prod]" if form == "pyproject.toml" else "[stage.prod]"
    with listening() as attacker, listening() as own:
        (clone / form).write_text(f"{table}\n{setting.format(attacker.endpoint)}\n", encoding="utf-8")
        for command in (("coldstarts", "fn"), ("tail", "fn", "--no-follow"), ("instrument", "fn", "--apply", "--yes")):
            done = run(*command, "--stage", "prod", cwd=clone, HOME=str(home), AWS_ENDPOINT_URL=own.endpoint)
            assert (done.code, own.requests, attacker.requests) == (2, [], []), done.err


def test_a_project_s_file_picks_no_region_of_a_write_but_one_of_a_read(clone: Path, home: Path) -> None:
    project(clone, 'region = "us-gov-west-1"')
    nowhere = {"HOME": str(home), "AWS_REGION": ""}
    with listening() as own:
        for command in (("dashboard", "deploy", "--function", "fn", "--yes"), ("instrument", "fn", "--apply")):
            done = run(*command, cwd=clone, AWS_ENDPOINT_URL=own.endpoint, **nowhere)
            assert (done.code, own.requests) == (2, []), done.err
            assert "sets region" in done.err
        run("dashboard", "list", cwd=clone, AWS_ENDPOINT_URL=own.endpoint, **nowhere)
        assert "us-gov-west-1" in "".join(own.requests)


@pytest.mark.parametrize("limit", ["nan", "inf", "1e300", "-1", "100_000"])
def test_a_spending_limit_that_limits_nothing_is_refused(clone: Path, home: Path, limit: str) -> None:
    project(clone, f"ask_above_usd = {limit}")
    done = run("metrics", "fn", cwd=clone, HOME=str(home))
    assert done.code == 2
    assert "'ask_above_usd' must be from 0 to 10,000 USD" in done.err
    (clone / "monitor.toml").rename(home / "own.toml")
    (home / ".config" / "monitor").mkdir(parents=True)
    (home / "own.toml").rename(home / ".config" / "monitor" / "config.toml")
    assert "'ask_above_usd' must be from 0 to 10,000 USD" in run("metrics", "fn", cwd=clone, HOME=str(home)).err


def test_a_project_s_file_lifts_no_spending_limit(clone: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from monitor.console.settings import Settings

    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.chdir(clone)
    project(clone, "ask_above_usd = 5000")
    assert Settings().spending_limit_usd(1.0) == 1.0
    project(clone, "ask_above_usd = 0.1")
    assert Settings().spending_limit_usd(1.0) == 0.1


@pytest.mark.parametrize("form", FORMS)
def test_tab_in_a_cloned_repository_contacts_nobody(clone: Path, home: Path, form: str) -> None:
    with listening() as attacker:
        project(clone, f'endpoint_url = "{attacker.endpoint}"\nprofile = "default"', form)
        for words in ("monitor tail f", "monitor dashboard show d", "monitor metrics f"):
            done = run(
                cwd=clone,
                HOME=str(home),
                _MONITOR_COMPLETE="bash_complete",
                COMP_WORDS=words,
                COMP_CWORD=str(len(words.split()) - 1),
                # Nothing here may reach AWS either.
                AWS_ENDPOINT_URL_LAMBDA="http://127.0.0.1:9",
                AWS_ENDPOINT_URL_CLOUDWATCH="http://127.0.0.1:9",
            )
            assert (done.out.strip(), done.err) == ("", "")
    assert attacker.requests == []


def test_tab_shows_no_error_of_a_project_s_file(clone: Path, home: Path) -> None:
    project(clone, "regoin = 1\x1b[2J")
    done = run(
        cwd=clone,
        HOME=str(home),
        _MONITOR_COMPLETE="bash_complete",
        COMP_WORDS="monitor tail --no-follo",
        COMP_CWORD="2",
    )
    assert (done.out.strip(), done.err) == ("plain,--no-follow", "")


def test_tab_drops_names_that_a_shell_would_read(clone: Path, home: Path) -> None:
    names = [
        "f-good",
        "f$(touch owned)",
        "f`touch owned`",
        "f;touch owned",
        "f*",
        "f|sh",
        "f\nplain,x",
        "-f",
        "f o",
        "f'",
    ]
    answer = json.dumps({"Functions": [{"FunctionName": name} for name in names]}).encode()
    with listening([answer]) as account:
        done = run(
            cwd=clone,
            HOME=str(home),
            _MONITOR_COMPLETE="bash_complete",
            COMP_WORDS="monitor tail f",
            COMP_CWORD="2",
            AWS_ENDPOINT_URL=account.endpoint,
        )
    assert done.out.splitlines() == ["plain,f-good"]


def test_consent_is_asked_once_for_a_path_and_its_content(clone: Path, home: Path) -> None:
    with listening([b'{"DashboardEntries": []}']) as asked, listening() as other:
        project(clone, f'endpoint_url = "{asked.endpoint}"')
        code, shown = run_in_terminal("dashboard", "list", cwd=clone, typed="n\n", HOME=str(home))
        assert (code, asked.requests) == (2, [])
        assert f'{clone}/monitor.toml sets endpoint_url = "{asked.endpoint}"' in shown
        run_in_terminal("dashboard", "list", cwd=clone, typed="y\n", HOME=str(home))
        agreed = len(asked.requests)
        assert agreed > 0
        assert TOKEN in "".join(asked.requests)
        # Remembered, without a terminal too.
        run("dashboard", "list", cwd=clone, HOME=str(home))
        assert len(asked.requests) > agreed
        consents = home / ".config" / "monitor" / "consents.json"
        assert consents.stat().st_mode & 0o777 == 0o600
        # Another content is asked about again, and so is another path.
        project(clone, f'endpoint_url = "{other.endpoint}"')
        assert run("dashboard", "list", cwd=clone, HOME=str(home)).code == 2
        moved = clone / "moved"
        moved.mkdir()
        project(moved, f'endpoint_url = "{asked.endpoint}"')
        before = len(asked.requests)
        assert run("dashboard", "list", cwd=moved, HOME=str(home)).code == 2
        assert (len(asked.requests), other.requests) == (before, [])


def test_the_question_shows_no_escape_of_the_file(clone: Path, home: Path) -> None:
    project(clone, r'profile = "\u001b[2J\u202eevil"')
    code, shown = run_in_terminal("dashboard", "list", cwd=clone, typed="n\n", HOME=str(home))
    assert code == 2
    assert "\x1b[2J" not in shown
    assert "\u202e" not in shown


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_files_of_other_users_are_refused(clone: Path, home: Path) -> None:
    project(clone, 'output = "json"')
    os.chown(clone / "monitor.toml", 12345, 12345)
    done = run("metrics", "fn", cwd=clone, HOME=str(home))
    assert done.code == 2
    assert "belongs to another user (uid 12345)" in done.err
    os.chown(clone / "monitor.toml", 0, 0)
    (clone / "monitor.toml").chmod(0o666)
    assert "every user can write" in run("metrics", "fn", cwd=clone, HOME=str(home)).err


def test_the_user_s_own_file_configures_endpoint_profile_and_stages(clone: Path, home: Path) -> None:
    own = home / ".config" / "monitor"
    own.mkdir(parents=True)
    (home / ".aws").mkdir()
    (home / ".aws" / "credentials").write_text(
        "[p]\naws_access_key_id = AKIASTAGE\naws_secret_access_key = s\n", encoding="utf-8"
    )
    with listening([b'{"MetricDataResults": [], "Functions": []}']) as account:
        (own / "config.toml").write_text(
            f'endpoint_url = "{account.endpoint}"\n[stage.prod]\nprofile = "p"\nregions = ["sa-east-1"]\n'
            'functions = ["only-this"]\n',
            encoding="utf-8",
        )
        done = run("coldstarts", "--stage", "prod", cwd=clone, HOME=str(home))
        sent = "".join(account.requests)
        assert "sa-east-1" in sent, done.err
        assert "AKIASTAGE" in sent
        assert "only-this" in sent
        wrong = run("coldstarts", "fn", "--stage", "prdo", cwd=clone, HOME=str(home))
    assert wrong.code == 2
    assert "did you mean 'prod'?" in wrong.err
    assert SECRET not in done.err + wrong.err
