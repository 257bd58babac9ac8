"""What runs inside Lambda: `from monitor.runtime import logger, metrics, tracer`.

The three are Powertools' own Logger, Metrics and Tracer, made on first use (PEP 562), so that
importing this package costs nothing. Without Powertools in the deployment package the import of
any of them raises ModuleNotFoundError; the entry point runs the handler all the same.
"""

TYPE_CHECKING = False  # typing itself takes 3 ms to import
if TYPE_CHECKING:
    from aws_lambda_powertools import Logger, Metrics, Tracer

    logger: Logger
    metrics: Metrics
    tracer: Tracer

__all__ = ["logger", "metrics", "tracer"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from monitor.runtime import instruments

    instrument = getattr(instruments, f"make_{name}")()
    globals()[name] = instrument
    return instrument
