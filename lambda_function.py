"""The default entry point of a package (Handler `lambda_function.lambda_handler`): the instrumented one."""

from monitor.runtime.entry import lambda_handler as lambda_handler
