"""botocore works without the modules that write the documentation of its clients, and they can still be had."""

import subprocess
import sys

PROGRAM = """
import sys
from monitor.console.without_docs import leave_out_docs
leave_out_docs()
from botocore.session import Session
client = Session().create_client("logs", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
assert client.can_paginate("filter_log_events")
assert client.get_paginator("filter_log_events") and callable(client.filter_log_events)
assert Session().create_client("lambda", region_name="eu-west-1").get_waiter("function_active")
assert not {"html.parser", "botocore.docs.service"} & set(sys.modules), "the documentation's modules were imported"
from botocore.docs import generate_docs
assert generate_docs.__module__ == "botocore.docs"
"""


def test_clients_paginators_and_waiters_are_made_without_the_documentation() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
