"""Lambda's Handler setting: `module.function`, where folders may be written with slashes."""


def handler_module(handler: str) -> str:
    """The dotted name of a handler's module: `src.app` of `src/app.main`; empty if there is none."""
    return handler.rpartition(".")[0].replace("/", ".")
