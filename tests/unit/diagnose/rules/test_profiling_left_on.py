"""Settings that make a start do more than it needs."""

from monitor.diagnose.evidence.model import Settings
from monitor.diagnose.rules.profiling_left_on import find
from monitor.kernel.missing import Missing
from tests.fakes.code_evidence import healthy


def test_import_profiling_is_priced_by_the_modules_that_a_start_imports() -> None:
    (found,) = find(healthy(settings=Settings(profiles_imports=True)))
    assert found.subject == "PYTHONPROFILEIMPORTTIME"
    assert found.saving is not None
    # lambda_function, app.main, fastapi, pydantic, pydantic_core, starlette, asyncio
    assert found.saving.basis.startswith("7 modules at 0.02 ms a line")
    assert found.saving.low_ms == 0.0


def test_without_an_import_tree_there_are_no_milliseconds() -> None:
    (found,) = find(healthy(settings=Settings(profiles_imports=True), imports=Missing("no records")))
    assert found.saving is None


def test_bytecode_that_may_not_be_written_matters_on_a_file_system_alone() -> None:
    assert list(find(healthy(settings=Settings(dont_write_bytecode=True)))) == []
    (found,) = find(healthy(settings=Settings(dont_write_bytecode=True, has_efs=True)))
    assert found.subject == "PYTHONDONTWRITEBYTECODE"
    assert found.saving is None


def test_lambdas_own_log_at_debug_is_named_with_the_command() -> None:
    (found,) = find(healthy(settings=Settings(system_log_level="DEBUG")))
    assert found.changes[0].text.endswith("SystemLogLevel=INFO")


def test_silent_without_evidence_and_on_a_healthy_function() -> None:
    assert list(find(healthy(settings=Missing("refused")))) == []
    assert list(find(healthy())) == []
