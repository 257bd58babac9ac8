"""The plain entry point (Handler `lambda_function.lambda_handler`): the application and nothing else."""

from app.main import handler as lambda_handler

__all__ = ["lambda_handler"]
