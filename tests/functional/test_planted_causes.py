"""Functions that are not the example, with one planted cause each, packaged with distributions of PyPI."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from monitor.aws.connection import Connection
from monitor.aws.deploy import drive
from monitor.errors import MonitorError
from monitor.run.workflow import put_up
from tests.clean_environment import clean_environment
from tests.functional.conftest import Run

SALES = """\
import pandas as pd

ROWS = [{"month": "2026-01", "amount": 12.5}, {"month": "2026-02", "amount": 30.0}]


def monthly():
    return pd.DataFrame(ROWS).groupby("month")["amount"].sum().to_dict()


def total():
    return sum(row["amount"] for row in ROWS)


def handler(event, context):
    return monthly() if event.get("path") == "/monthly" else total()
"""

ORDERS = """\
import os

import boto3
from sqlalchemy import create_engine, text

dynamodb = boto3.resource("dynamodb", region_name=os.environ.get("AWS_REGION", "eu-west-1"))
engine = create_engine("sqlite://")


def archive(order):
    dynamodb.Table("archive").put_item(Item=order)


def handler(event, context):
    if event.get("action") == "archive":
        archive(event["order"])
    with engine.connect() as connection:
        return connection.execute(text("select 41 + 1")).scalar()
"""

SHOP = """\
from apig_wsgi import make_lambda_handler
from faker import Faker
from flask import Flask, jsonify

app = Flask(__name__)


@app.get("/")
def index():
    return jsonify(items=2)


handler = make_lambda_handler(app)
"""

REQUEST = {
    "httpMethod": "GET",
    "path": "/",
    "headers": {"Host": "example.com"},
    "multiValueHeaders": {"Host": ["example.com"]},
    "queryStringParameters": None,
    "multiValueQueryStringParameters": None,
    "body": None,
    "isBase64Encoded": False,
    "requestContext": {"path": "/", "stage": "prod", "identity": {"sourceIp": "127.0.0.1"}},
}


@dataclass(frozen=True)
class Case:
    """A function; `subject` is what the finding of its planted cause is about."""

    name: str
    source: str
    requirements: str
    event: object
    subject: str


CASES = (
    Case("sales", SALES, "pandas", {"path": "/total"}, "pandas"),
    Case("orders", ORDERS, "SQLAlchemy>=2\nboto3", {"action": "count"}, "boto3.resource"),
    Case("shop", SHOP, "Flask\napig-wsgi\nFaker", REQUEST, "faker"),
)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_planted_cause_is_first_or_second_and_its_patch_applies(
    case: Case, connection: Connection, monitor: Run, tmp_path: Path
) -> None:
    project = tmp_path / case.name
    project.mkdir()
    (project / "app.py").write_text(case.source, encoding="utf-8")
    (project / "requirements.txt").write_text(case.requirements + "\n", encoding="utf-8")
    try:
        put_up(connection, case.name, project, handler="app.handler")
    except MonitorError as error:
        pytest.skip(error.message[:200])
    payload = json.dumps(case.event).encode()
    results = list(drive(connection, case.name, payload, cold=5, warm=3, concurrency=1))
    assert not any(result.function_error for result in results)
    patch = tmp_path / "fix.patch"
    done = monitor("--local", "diagnose", case.name, "-o", "json", "--patch", str(patch))
    assert done.code == 0, done.err
    found = done.json["findings"]
    subjects = [one["subject"] for one in found[:2]]
    assert case.subject in subjects, subjects
    planted = found[subjects.index(case.subject)]
    assert planted["saving"]["likely_ms"] > 50
    if any(change["kind"] == "patch" for change in planted["changes"]):
        applied = subprocess.run(
            ["git", "apply", str(patch)], cwd=project, env=clean_environment(), capture_output=True, check=False
        )
        assert applied.returncode == 0, applied.stderr
        compile((project / "app.py").read_text(encoding="utf-8"), "app.py", "exec")
