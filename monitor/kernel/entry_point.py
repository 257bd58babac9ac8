"""How an instrumented function is recognized: Lambda's Handler setting, and the variable that names the function's own.

The runtime package has its own copies, since it imports nothing else of monitor; a test holds them equal.
"""

ENTRY_POINT = "monitor.runtime.entry.lambda_handler"
HANDLER_VARIABLE = "MONITOR_HANDLER"
DEFAULT_HANDLER = "app.main.handler"
# The file of the entry point in a package or layer.
ENTRY_POINT_FILE = "monitor/runtime/entry.py"
# What a package with the entry point has for it, unless the application asks for it too.
INSTRUMENTS = ("aws-lambda-powertools", "aws-xray-sdk")
