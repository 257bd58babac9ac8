"""Packages on the embedded stack: read-only, versions, layers, downloads by Range, hostile zips."""

import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Deploy = Callable[..., Any]
Client = Callable[[str], Any]
Package = Callable[[dict[str, str]], bytes]
ECHO = "def handler(event, context):\n    return event\n"


def test_the_package_is_read_only(deploy: Deploy) -> None:
    code = """
import os
def handler(event, context):
    root = os.environ["LAMBDA_TASK_ROOT"]
    found = []
    for attempt in (lambda: open(root + "/new", "w"), lambda: open(__file__, "a"), lambda: os.unlink(__file__)):
        try:
            attempt()
            found.append("written")
        except OSError as error:
            found.append("refused")
    with open(os.environ["TMPDIR"] + "/x", "w") as file:
        file.write("fine")
    return found, os.listdir(root)
"""
    assert deploy(code).invoke().payload == [["refused"] * 3, ["app.py"]]


def test_the_code_url_honors_range(deploy: Deploy, client: Client, own_stack: Any, package: Package) -> None:
    code = package({"app.py": ECHO})
    function = deploy(code)
    url = client("lambda").get_function(FunctionName=function.name)["Code"]["Location"]
    assert url.startswith(own_stack.endpoint + "/")

    def get(**headers: str) -> tuple[int, bytes, str]:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as response:
            return response.status, response.read(), response.headers.get("content-range", "")

    size = len(code)
    assert get() == (200, code, "")
    assert get(Range="bytes=-22") == (206, code[-22:], f"bytes {size - 22}-{size - 1}/{size}")
    assert get(Range="bytes=2-5") == (206, code[2:6], f"bytes 2-5/{size}")
    for refused in (f"bytes={size}-", "bytes=0-1,4-5"):
        with pytest.raises(urllib.error.HTTPError, match="416"):
            get(Range=refused)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(url.replace("Signature=", "Signature=0"), timeout=10)


def test_a_published_version_keeps_its_own_code_and_an_alias_leads_to_it(
    deploy: Deploy, client: Client, package: Package
) -> None:
    function = deploy("def handler(event, context):\n    return 'one', context.function_version\n")
    api = client("lambda")
    version = api.publish_version(FunctionName=function.name)["Version"]
    api.create_alias(FunctionName=function.name, Name="live", FunctionVersion=version)
    new = package({"app.py": "def handler(event, context):\n    return 'two', context.function_version\n"})
    api.update_function_code(FunctionName=function.name, ZipFile=new)

    assert function.invoke(Qualifier="live").payload == ["one", version]
    assert function.invoke().payload == ["two", "$LATEST"]
    by_arn = api.invoke(FunctionName=f"arn:aws:lambda:ap-southeast-1:000000000000:function:{function.name}:live")
    assert by_arn["ExecutedVersion"] == version
    assert api.get_function(FunctionName=function.name, Qualifier=version)["Configuration"]["Version"] == version


def test_a_later_layer_lies_over_an_earlier_one(deploy: Deploy, client: Client, package: Package) -> None:
    arns = []
    for number in (1, 2):
        content = {"ZipFile": package({"python/shared.py": f"WHO = {number}\n", f"python/only{number}.py": ""})}
        layer = client("lambda").publish_layer_version(LayerName=f"layer{number}", Content=content)
        arns.append(layer["LayerVersionArn"])
    function = deploy(
        "import shared, only1\ndef handler(event, context):\n    return shared.WHO, shared.__file__\n", Layers=arns
    )

    who, where = function.invoke().payload

    assert who == 2
    assert where.endswith("/opt/python/shared.py")


def test_a_hostile_package_is_refused_when_it_is_created(deploy: Deploy, package: Package) -> None:
    with pytest.raises(ClientError, match="is outside"):
        deploy(package({"../evil.py": ""}))
    with pytest.raises(ClientError, match="Could not unzip uploaded file"):
        deploy(b"no zip")


def test_a_web_page_cannot_reach_the_stack(own_stack: Any) -> None:
    request = urllib.request.Request(
        own_stack.endpoint + "/2015-03-31/functions", headers={"Origin": "http://a.example"}
    )

    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(request, timeout=10)
