"""Stand-ins for the modules of botocore that only write documentation: commands start without them."""

import sys
from importlib import import_module
from importlib.machinery import PathFinder
from types import ModuleType

_DOCS = "botocore.docs"
_DOCSTRINGS = "botocore.docs.docstring"


class _NoDocstrings(ModuleType):
    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return _no_docstring


def _no_docstring(*_: object, **__: object) -> str:
    return ""


class _DocsPackage(ModuleType):
    """The package without its `__init__`, which is run when something other than a submodule is asked for."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        for module in (_DOCS, _DOCSTRINGS):
            sys.modules.pop(module, None)
        return getattr(import_module(_DOCS), name)


def leave_out_docs() -> None:
    """Keep botocore from importing what only writes the documentation of clients: a quarter of what a tail imports.

    botocore gives each method of a client a docstring that is written when someone reads it. Its modules include a
    parser of HTML. Only for the command line: in another program's process, `help(client.method)` stays what it was.
    """
    spec = None if "botocore" in sys.modules else PathFinder.find_spec("botocore")
    if spec is None or not spec.submodule_search_locations:
        return
    package = _DocsPackage(_DOCS)
    package.__path__ = [f"{folder}/docs" for folder in spec.submodule_search_locations]
    sys.modules[_DOCS] = package
    sys.modules[_DOCSTRINGS] = _NoDocstrings(_DOCSTRINGS)
