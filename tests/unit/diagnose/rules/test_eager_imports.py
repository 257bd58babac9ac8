"""Heavy imports that could wait, on evidence made by hand."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.callgraph.model import Reached
from monitor.diagnose.evidence.analyze_source import parse_source
from monitor.diagnose.evidence.model import (
    FunctionEvidence,
    InitLogging,
    MadeValue,
    ModuleCall,
    ModuleUse,
    Settings,
    is_missing,
)
from monitor.diagnose.evidence.workflow_file import save
from monitor.diagnose.model_finding import ChangeKind
from monitor.diagnose.report.finding_view import saving_text
from monitor.diagnose.rules.eager_imports import find
from monitor.kernel.missing import Missing
from monitor.main import cli
from tests.fakes.code_evidence import FRAMEWORK, FUNCTION, code, healthy, node, package, part, profile, use
from tests.unit.git_apply import git_applied

LAZY = use(
    "jsonschema",
    "app/routers/health.py",
    used_at_import=False,
    used_in=("validate",),
    statement="import jsonschema",
    reached=Reached.NO_CALL,
)
# 30 + 20 + 10 its own, 8 of the standard library.
SCHEMA = node("jsonschema", 30.0, node("referencing", 20.0, node("attrs", 10.0)), node("urllib.request", 8.0))


def eager(*uses: ModuleUse, memory_mb: int = 1769) -> FunctionEvidence:
    return healthy(
        function=replace(FUNCTION, memory_mb=memory_mb),
        imports=profile(
            node("lambda_function", 1.0, node("app.main", 8.0, FRAMEWORK, node("app.routers.health", 2.0, SCHEMA)))
        ),
        code=code(use("fastapi"), use("app.main", "lambda_function.py"), use("app.routers.health"), *(uses or (LAZY,))),
    )


def test_an_import_that_one_function_uses_is_named_with_its_chain_and_its_cost() -> None:
    (found,) = find(eager())
    assert found.title == "jsonschema is imported at init, but only validate() uses it"
    assert found.evidence[0].where == "app/routers/health.py:3"
    assert found.evidence[3].text == "imported by lambda_function → app.main → app.routers.health → jsonschema"
    assert found.saving is not None
    # A start whose first request imports it is told apart: the range is that of the others.
    assert (found.saving.low_ms, found.saving.likely_ms) == (15.0, 64.0)
    assert saving_text(found).endswith(", nothing if its first request imports it")
    assert found.saving.high_ms == pytest.approx(68 * 1.3)
    assert found.affected == 20


def test_what_the_record_left_out_for_being_quick_counts_too() -> None:
    many = replace(SCHEMA, cumulative_ms=SCHEMA.cumulative_ms + 25.0)
    tree = node("lambda_function", 1.0, node("app.main", 8.0, FRAMEWORK, node("app.routers.health", 2.0, many)))
    (found,) = find(replace(eager(), imports=profile(tree)))
    assert found.saving is not None
    assert found.saving.likely_ms == 64.0 + 25.0


def test_with_less_than_a_vcpu_the_risk_says_how_long_the_first_call_waits() -> None:
    (found,) = find(eager(memory_mb=512))
    assert found.saving is not None
    assert found.saving.low_ms > 0
    assert found.saving.is_known
    assert "up to 235 ms with 512 MB" in found.risk_text


def test_what_stays_anyway_is_not_counted() -> None:
    evidence = replace(
        eager(),
        package=package(
            part("fastapi", 0.4, requires=("attrs",)), part("attrs", 0.1), part("jsonschema", 0.2, requires=("attrs",))
        ),
    )
    (found,) = find(evidence)
    assert found.saving is not None
    assert found.saving.likely_ms == 54.0
    assert "10.0 ms in what others need too" in found.evidence[2].text


def test_without_the_package_it_is_less_sure() -> None:
    assert [one.confidence.value for one in find(eager())] == ["high"]
    assert [one.confidence.value for one in find(replace(eager(), package=Missing("refused")))] == ["medium"]


@pytest.mark.parametrize(
    ("reached", "confidence", "said"),
    [
        (Reached.NO_CALL, "high", "no call of the handler reaches it"),
        (Reached.SOME_ROUTES, "medium", "some calls reach it, and others do not: GET /report"),
        (
            None,
            "low",
            "which calls reach it is not known, because the handler was not found in the files that were read",
        ),
    ],
)
def test_confidence_is_as_much_as_is_known_of_the_calls(reached: Reached | None, confidence: str, said: str) -> None:
    routes = ("GET /report",) if reached is Reached.SOME_ROUTES else ()
    (found,) = find(eager(replace(LAZY, reached=reached, routes=routes)))
    assert found.confidence.value == confidence
    assert found.evidence[1].text == said


@pytest.mark.parametrize(
    "uses",
    [
        [replace(LAZY, used_at_import=True)],
        [LAZY, use("jsonschema.validators", "app/models.py")],
        [replace(LAZY, used_in=("handler",))],
        [replace(LAZY, used_in=())],
        [replace(LAZY, at_import=False)],
        [replace(LAZY, reached=Reached.EVERY_CALL)],
    ],
    ids=[
        "as a base class",
        "by another file",
        "by the handler",
        "for its side effect",
        "lazy already",
        "by every call",
    ],
)
def test_a_needed_import_is_no_finding(uses: list[ModuleUse]) -> None:
    assert list(find(eager(*uses))) == []


def test_what_another_library_imports_anyway_is_no_finding() -> None:
    below = node("lambda_function", 1.0, node("app.main", 8.0, node("fastapi", 40.0, SCHEMA)))
    assert list(find(replace(eager(), imports=profile(below)))) == []


def test_a_cheap_import_is_left_alone() -> None:
    small = node("lambda_function", 1.0, node("app.main", 8.0, node("jsonschema", 4.0)))
    assert list(find(replace(eager(), imports=profile(small)))) == []


def test_a_module_of_the_application_that_functions_alone_use_is_one_finding_with_what_it_imports() -> None:
    report = replace(
        LAZY, module="app", statement="from app import report", used_in=("export",), file="app/routers/export.py"
    )
    inner = use("pandas", "app/report.py")
    tree = node(
        "lambda_function", 1.0, node("app.main", 8.0, FRAMEWORK, node("app.report", 5.0, node("pandas", 200.0)))
    )
    evidence = replace(eager(report, inner), imports=profile(tree))
    (found,) = find(evidence)
    assert found.subject == "app.report"
    assert found.title == "app.report, which brings pandas, is imported at init, but only export() uses it"
    assert found.saving is not None
    assert found.saving.likely_ms == 205.0
    # With what it imports in turn, whatever that is called.
    below = node("app.report", 5.0, node("pandas", 20.0, node("numpy", 100.0), node("pytz", 80.0)))
    deeper = replace(evidence, imports=profile(node("app.main", 8.0, FRAMEWORK, below)))
    assert [one.title.partition(" is ")[0] for one in find(deeper)] == ["app.report, which brings pandas,"]
    # What another file of the application imports too stays.
    other = replace(evidence, code=code(use("fastapi"), report, inner, use("pandas", "app/core.py")))
    assert [one.saving.likely_ms for one in find(other) if one.saving] == [5.0]
    # So does what such a module imports, where two of them import it.
    both = code(use("fastapi"), report, inner, use("app.shared", "app/report.py"), use("pandas", "app/shared.py"))
    assert [one.saving.likely_ms for one in find(replace(evidence, code=both)) if one.saving] == [205.0]
    needed = replace(both, uses=(*both.uses, use("app.shared", "app/core.py")))
    assert [one.saving.likely_ms for one in find(replace(evidence, code=needed)) if one.saving] == [5.0]
    # Where pandas could wait inside of app.report, that is the change to make.
    waiting = replace(inner, used_at_import=False, used_in=("table",))
    evidence = replace(eager(report, waiting), imports=profile(tree))
    assert [one.subject for one in find(evidence)] == ["pandas"]


@pytest.mark.parametrize(
    ("call", "debug_lines", "found"),
    [("urllib.request.urlopen", 0.0, 0), ("logging.getLogger.debug", 3_000.0, 0), ("logging.getLogger.debug", 0.0, 1)],
    ids=["over the network", "many DEBUG lines", "a logger"],
)
def test_time_that_another_rule_explains_is_not_counted(call: str, debug_lines: float, found: int) -> None:
    report = replace(LAZY, module="app.report", statement="from app import report", file="app/routers/export.py")
    tree = node("lambda_function", 1.0, node("app.main", 8.0, FRAMEWORK, node("app.report", 205.0)))
    evidence = replace(
        eager(report),
        imports=profile(tree),
        code=code(use("fastapi"), report, calls=(ModuleCall(call, "app/report.py", 7, "…"),)),
        logging=InitLogging(20, debug_lines + 4, 300_000.0, debug_lines),
    )
    assert len(list(find(evidence))) == found


def test_modules_below_a_folder_of_pythonpath_are_the_applications_too() -> None:
    tree = node("app.main", 8.0, FRAMEWORK, node("core.checks", 2.0, SCHEMA))
    evidence = replace(
        eager(replace(LAZY, file="app/core/checks.py"), use("core.checks")),
        imports=profile(tree),
        settings=Settings(pythonpath=("/var/task", "/var/task/app")),
    )
    assert [one.subject for one in find(evidence)] == ["jsonschema"]


def test_the_patch_applies() -> None:
    before = ["import os", "", "import jsonschema", "", "", "def other():", "    pass", "", "", "def validate():"]
    body = ['    """It."""', "    return jsonschema"]
    source = "\n".join([*before, *body, ""])
    wanted = "\n".join([*before[:2], *before[3:], body[0], "    import jsonschema", body[1], ""])
    patches = parse_source({"app/health.py": source.encode()}).patches
    given = eager(replace(LAZY, file="app/health.py", bodies=((12, 4),)))
    assert not isinstance(given.code, Missing)
    (found,) = find(replace(given, code=replace(given.code, patches=patches)))
    (change,) = found.changes
    assert change.kind is ChangeKind.PATCH
    assert git_applied(change.text, "app/health.py", source) == wanted


def test_diagnose_writes_the_patches_to_a_file_that_git_applies(tmp_path: Path) -> None:
    source = "import jsonschema\n\n\ndef validate(event):\n    return jsonschema.validate(event, {})\n"
    patches = parse_source({"app/health.py": source.encode()}).patches
    given = eager(replace(LAZY, file="app/health.py", line=1, bodies=((5, 4),)))
    assert not isinstance(given.code, Missing)
    saved, patch = str(tmp_path / "saved.json"), tmp_path / "fix.patch"
    save(replace(given, code=replace(given.code, patches=patches)), saved)
    done = CliRunner().invoke(cli, ["diagnose", "--from", saved, "--patch", str(patch)], standalone_mode=False)
    assert done.exception is None
    assert "jsonschema is imported at init" in done.stdout
    assert "    import jsonschema\n" in git_applied(patch.read_text(), "app/health.py", source)
    alone = CliRunner().invoke(cli, ["diagnose", "--from", saved, "--patch", "-"], standalone_mode=False)
    assert alone.stdout == patch.read_text()


def test_without_lines_it_says_what_to_edit() -> None:
    (found,) = find(eager())
    assert found.changes[0].kind is ChangeKind.CODE
    assert found.changes[0].text == ("app/routers/health.py:3: move `import jsonschema` to the first line of: validate")


@pytest.mark.parametrize("part_name", ["imports", "code"])
def test_silent_without_evidence(part_name: str) -> None:
    assert list(find(replace(eager(), **{part_name: Missing("refused")}))) == []


def test_silent_on_a_healthy_function() -> None:
    assert list(find(healthy())) == []


SOURCE = """import jsonschema

checker = jsonschema.Draft7Validator({})


def handler(event, context):
    if event["action"] == "check":
        return checker.validate(event)
    return count(event)


def count(event):
    return len(event)
"""


def test_a_client_that_some_calls_read_is_named_with_its_line_and_made_on_first_use() -> None:
    facts = parse_source({"app/routers/health.py": SOURCE.encode()}, handler="app.routers.health.handler")
    before = eager().code
    assert not is_missing(before)
    (found,) = find(replace(eager(), code=replace(facts, uses=(*before.uses[:3], *facts.uses))))
    assert found.title == "jsonschema is imported at init to make checker, but only a branch of handler() uses it"
    assert found.evidence[0].text == "`jsonschema.Draft7Validator(…)` is made while app/routers/health.py is imported"
    assert found.evidence[0].where == "app/routers/health.py:3"
    assert "app/routers/health.py, line 7" in found.evidence[2].text
    (change,) = found.changes
    assert (change.kind, change.title) == (ChangeKind.PATCH, "Make checker on first use")
    changed = git_applied(change.text, "app/routers/health.py", SOURCE)
    assert "_checker().validate(event)" in changed
    assert changed.index("def _checker") < changed.index("    import jsonschema")


def test_without_a_patch_the_words_say_where_the_client_is_made() -> None:
    made = replace(LAZY, makes=(MadeValue("checker", "app/routers/health.py", 3, "jsonschema.Draft7Validator(…)"),))
    (found,) = find(eager(made))
    assert found.changes[0].kind is ChangeKind.CODE
    assert found.changes[0].text.startswith("app/routers/health.py:3: `checker`: make it in a function")


CLIENTS = """from jsonschema import Draft7Validator

from app.limits import SCHEMA

checker = Draft7Validator(SCHEMA)
"""
READER = """from app.clients import checker


def handler(event, context):
    if event["action"] == "check":
        return check(event)
    return count(event)


def check(event):
    return checker.validate(event)


def count(event):
    return len(event)
"""


def test_a_client_that_another_file_reads_waits_with_its_own_file() -> None:
    files = {"app/main.py": READER, "app/clients.py": CLIENTS, "app/limits.py": "SCHEMA = {}\n"}
    facts = parse_source({name: text.encode() for name, text in files.items()}, handler="app.main.handler")
    tree = node("app.main", 8.0, node("app.clients", 2.0, SCHEMA))
    (found,) = find(healthy(imports=profile(tree), code=facts))
    assert found.title == "jsonschema is imported at init to make checker, but only app/main.py: check() uses it"
    (change,) = found.changes
    assert (change.kind, change.title) == (ChangeKind.PATCH, "Import app.clients in the functions that use it")
    changed = git_applied(change.text, "app/main.py", READER)
    assert changed.index("def check") < changed.index("    from app.clients import checker")
    # Where another file needs the client's file at init, moving its import would gain nothing.
    more = {**files, "app/limits.py": "from app import clients\n\nSCHEMA = clients.checker.SCHEMA\n"}
    facts = parse_source({name: text.encode() for name, text in more.items()}, handler="app.main.handler")
    assert list(find(healthy(imports=profile(tree), code=facts))) == []
