"""Keeps botocore from importing what only writes the documentation of clients: a quarter of what a tail imports.

botocore gives each method of a client a docstring that is written when someone reads it. Its modules include a parser
of HTML. For the command line alone: in another program's process, `help(client.method)` stays what it was.
"""

import sys
from importlib import import_module
from importlib.machinery import PathFinder
from types import ModuleType

_PACKAGE = "botocore.docs"
_DOCSTRINGS = "botocore.docs.docstring"


class _NoDocstrings(ModuleType):
    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return _no_docstring


def _no_docstring(*_: object, **__: object) -> str:
    return ""


class _Package(ModuleType):
    """The package without its `__init__`, which is run when something other than a submodule is asked for."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        for module in (_PACKAGE, _DOCSTRINGS):
            sys.modules.pop(module, None)
        return getattr(import_module(_PACKAGE), name)


def leave_out_docs() -> None:
    """Do it, if botocore is not imported yet."""
    spec = None if "botocore" in sys.modules else PathFinder.find_spec("botocore")
    if spec is None or not spec.submodule_search_locations:
        return
    package = _Package(_PACKAGE)
    package.__path__ = [f"{folder}/docs" for folder in spec.submodule_search_locations]
    sys.modules[_PACKAGE] = package
    sys.modules[_DOCSTRINGS] = _NoDocstrings(_DOCSTRINGS)
