"""Generated handlers do the same bare and wrapped; and the comparison would see it if they did not."""

from pathlib import Path

import pytest

from tests.differential.__main__ import compare_generated, compare_piece
from tests.differential.compare import application_log, differences
from tests.differential.generate import PIECES
from tests.differential.modes import Case, run_bare, run_stock, run_wrapped
from tests.differential.pieces.endings import FAILED_INITS
from tests.fakes.runtime_api import Run

# A few here; `make check-slow` runs thousands.
FEW, MANY, AT_ONCE = 12, 2000, 100


@pytest.mark.parametrize("seed", range(FEW))
def test_a_generated_handler_does_the_same_bare_and_wrapped(seed: int) -> None:
    generated, found = compare_generated(seed)
    assert found == [], generated


# What applications do that the runtime once changed.
ONCE_CHANGED = (
    "thresholds made of the present ones",
    "collector off and on",
    "backports of the standard library",
    "exception whose traceback cannot be read",
    "exception that gives nothing away to the caller",
    "import that raises an exception that gives nothing away",
    "import by a function that fails in the handler",
    "opened files by name",
    "written text by method",
    "environment that raises for good",
    "names in a context after an AWS call",
    "a finder beside boto3",
    "a path hook beside boto3",
    "finder that notes all that it is asked for",
    "thresholds by functions of their own names",
    "errors of sqlite by frames",
    "Tracer that the handler makes",
    "modules that are thrown away",
    "modules that are thrown away at import",
    "place of the handler's caller",
    "trace header of its own",
    "random bytes that are counted",
    "a folder that is gone",
)
TRACED = {
    "errors of sqlite by frames": {"MONITOR_PATCH": "all"},
    "modules that are thrown away": {"MONITOR_TRACES": "otlp"},
}


@pytest.mark.parametrize("name", ONCE_CHANGED)
def test_what_the_runtime_once_changed_is_the_same(name: str) -> None:
    assert compare_piece(name, env=TRACED.get(name))[1] == []


@pytest.mark.parametrize("env", [{"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}, {"MONITOR_TRACES": "otlp"}])
def test_finders_of_the_application_are_asked_for_the_same_modules(env: dict[str, str]) -> None:
    assert compare_piece("finder that notes all that it is asked for", env=env)[1] == []


# A call stack as loguru prints it, with and without the runtime's frame.
STACK = """Traceback (most recent call last):

  File "/x/tests/differential/probe.py", line 129, in <module>
    main()
    └ <function main at 0x7f0000000000>
{wrapper}> File "/x/app.py", line 3, in work
    {code}
    └ 1

ValueError: {error}
"""
WRAPPER = """  File "/x/monitor/runtime/invoke.py <importlib._bootstrap>", line 73, in invoke
    return handler(event, context)
           └ <function work at 0x7f0000000000>

"""


@pytest.mark.parametrize(
    ("code", "error", "equal"), [("1 / x", "no", True), ("2 / x", "no", False), ("1 / x", "yes", False)]
)
def test_the_frame_in_a_call_stack_is_no_difference(code: str, error: str, *, equal: bool) -> None:
    bare = Run(stdout=STACK.format(wrapper="", code="1 / x", error="no"))
    wrapped = Run(stdout=STACK.format(wrapper=WRAPPER, code=code, error=error))
    assert (application_log(bare) == application_log(wrapped)) is equal


def test_a_frame_of_the_runtime_in_a_traceback_is_a_difference() -> None:
    text = 'Traceback (most recent call last):\n{wrapper}  File "/x/app.py", line 3, in work\nValueError: no\n'
    runs = [Run(stdout=text.format(wrapper=wrapper)) for wrapper in ("", WRAPPER)]
    assert application_log(runs[0]) != application_log(runs[1])


HOOK = (
    "import sys, traceback\n"
    "sys.excepthook = lambda *error: print('hook', ''.join(traceback.format_exception(*error)))\n"
)
LEAVING = {
    "a base exception": "raise BaseException('base')",
    "an interrupt": "raise KeyboardInterrupt('stop')",
    "a cancellation": "import asyncio\nraise asyncio.CancelledError",
    "a group": "raise BaseExceptionGroup('all', [KeyboardInterrupt()])",
    "a generator's end": (
        "def one():\n    try: yield\n    finally: raise GeneratorExit\nnext(it := one()); it.throw(ValueError)"
    ),
    "a coroutine": "import asyncio\nasync def one(): raise KeyboardInterrupt\nasyncio.run(one())",
    "an exception without a text": (
        "class Mute(Exception):\n    def __str__(self): raise OSError('no')\nraise Mute from KeyError(1)"
    ),
}


@pytest.mark.parametrize("where", ["init", "package", "handler"])
@pytest.mark.parametrize("code", LEAVING.values(), ids=LEAVING.keys())
def test_a_hook_for_uncaught_exceptions_sees_the_traceback_that_it_sees_without_the_runtime(
    tmp_path: Path, code: str, where: str
) -> None:
    (tmp_path / "shop").mkdir()
    handler = f"def handler(event, context):\n    {code.replace(chr(10), chr(10) + '    ')}\n"
    texts = {"init": ("", f"{HOOK}{code}\n"), "package": (f"{HOOK}{code}\n", ""), "handler": ("", HOOK + handler)}
    for name, text in zip(("__init__.py", "app.py"), texts[where], strict=True):
        (tmp_path / "shop" / name).write_text(text)
    case = Case(tmp_path, "shop.app.handler", [{}])
    bare = run_bare(case)
    assert "hook" in bare.run.stdout or bare.run.errors
    assert differences(bare, run_wrapped(case)) == []


@pytest.mark.parametrize("code", [code for code in FAILED_INITS if "class Mute" in code or "class Shut" in code])
def test_an_init_that_raises_an_odd_exception_is_reported_as_without_the_runtime(tmp_path: Path, code: str) -> None:
    (tmp_path / "app.py").write_text(code)
    case = Case(tmp_path, "app.handler", [{}])
    assert differences(run_bare(case), run_wrapped(case)) == []


@pytest.mark.slow
def test_each_piece_of_the_generator_does_the_same_bare_and_wrapped() -> None:
    differing = {piece.name: found for piece in PIECES if (found := compare_piece(piece.name)[1])}
    assert differing == {}


@pytest.mark.slow
@pytest.mark.parametrize("first", range(FEW, MANY, AT_ONCE))
def test_two_thousand_generated_handlers_do_the_same_bare_and_wrapped(first: int) -> None:
    differing = {
        seed: found for seed in range(first, min(first + AT_ONCE, MANY)) if (found := compare_generated(seed)[1])
    }
    assert differing == {}


SEEN = {
    "a logger's lines that Powertools drops": (
        "import logging\nlog = logging.getLogger('ai-image-analyzer-fastapi.part')\n"
        "def handler(event, context): log.warning('lost')",
        "log: ",
    ),
    "an open socket": (
        "import os\ndef handler(event, context): return len(os.listdir('/proc/self/fd'))",
        "results: ",
    ),
    "modules": ("def handler(event, context): return 1", "modules loaded for the runtime: "),
    "a filter on the root logger": ("def handler(event, context): return 1", "root logger: "),
}


@pytest.mark.parametrize(("code", "what"), SEEN.values(), ids=SEEN.keys())
def test_the_comparison_sees_what_stock_powertools_changes(tmp_path: Path, code: str, what: str) -> None:
    (tmp_path / "app.py").write_text(code)
    case = Case(tmp_path, "app.handler", [{}], {"POWERTOOLS_SERVICE_NAME": "ai-image-analyzer-fastapi"})
    found = differences(run_bare(case), run_stock(case))
    assert any(what in text for text in found), found
