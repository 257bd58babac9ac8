"""AWS_LAMBDA_EXEC_WRAPPER: a script of the package or a layer that starts the runtime."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

Deploy = Callable[..., Any]

CODE = """
import os
def handler(event, context): return [os.environ["GREETING"], os.environ["_HANDLER"]]
def other(event, context): return "other"
"""


def package(wrapper: str, mode: int = 0o755) -> bytes:
    """A zip with `app.py` and the executable `wrapper`."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("app.py", CODE)
        info = zipfile.ZipInfo("wrapper")
        info.external_attr = (0o100000 | mode) << 16
        archive.writestr(info, wrapper)
    return data.getvalue()


def settings(handler: str = "app.handler") -> dict[str, Any]:
    return {"Handler": handler, "Environment": {"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/wrapper"}}}


def test_a_wrapper_starts_the_runtime_with_what_it_sets(deploy: Deploy) -> None:
    function = deploy(package('#!/bin/sh\nexport GREETING="from the wrapper"\nexec "$@"\n'), **settings())
    assert function.invoke().payload == ["from the wrapper", "app.handler"]


def test_a_wrapper_may_put_another_handler_in_place(deploy: Deploy) -> None:
    function = deploy(package('#!/bin/sh\nexport _HANDLER=app.other\nexec "$@"\n'), **settings())
    assert function.invoke().payload == "other"


def test_a_wrapper_that_is_not_there_fails_the_start(deploy: Deploy) -> None:
    function = deploy(package("", mode=0o644), **settings())
    assert function.invoke().error
