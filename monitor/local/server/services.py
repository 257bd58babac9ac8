"""The AWS operations that the stack offers. All others are refused before the emulator sees them.

The emulator has many more services, and some of their operations run code in its own process or on this machine. Only
the operations that monitor, Lambda functions and their deployment need are listed, and none that runs code: Invoke runs
functions in sandboxes of this package. Operations whose effect is to invoke a function later (event source mappings,
function URLs, bucket notifications, subscription filters) are not listed either.
"""

import re
from urllib.parse import parse_qs

from monitor.local.server.access import Caller
from monitor.local.server.request import Request

_LOGS = """
CreateLogGroup CreateLogStream DeleteIndexPolicy DeleteLogGroup DeleteLogStream DeleteMetricFilter
DeleteQueryDefinition DeleteRetentionPolicy DescribeAccountPolicies DescribeFieldIndexes DescribeIndexPolicies
DescribeLogGroups DescribeLogStreams DescribeMetricFilters DescribeQueries DescribeQueryDefinitions
DescribeResourcePolicies DescribeSubscriptionFilters FilterLogEvents GetLogEvents GetLogGroupFields GetLogRecord
GetQueryResults ListLogGroups ListTagsForResource ListTagsLogGroup PutIndexPolicy PutLogEvents PutMetricFilter
PutQueryDefinition PutRetentionPolicy StartLiveTail StartQuery StopQuery TagLogGroup TagResource TestMetricFilter
UntagLogGroup UntagResource
"""
_MONITORING = """
DeleteAlarms DeleteDashboards DescribeAlarmHistory DescribeAlarms DescribeAlarmsForMetric DisableAlarmActions
EnableAlarmActions GetDashboard GetMetricData GetMetricStatistics GetMetricWidgetImage ListDashboards ListMetrics
ListTagsForResource PutCompositeAlarm PutDashboard PutLogAlarm PutMetricAlarm PutMetricData SetAlarmState TagResource
UntagResource
"""
_IAM = """
AttachRolePolicy CreateRole DeleteRole DeleteRolePolicy DetachRolePolicy GetPolicy GetPolicyVersion GetRole
GetRolePolicy ListAttachedRolePolicies ListRolePolicies ListRoles PutRolePolicy SimulatePrincipalPolicy
"""
_CLOUDFORMATION = """
DescribeStackEvents DescribeStackResource DescribeStackResources DescribeStacks GetTemplate GetTemplateSummary
ListExports ListStackResources ListStacks
"""
# By the service in the signature: the prefix of X-Amz-Target in its JSON protocol, and its operations.
_BY_NAME = {
    "logs": ("Logs_20140328", frozenset(_LOGS.split())),
    "monitoring": ("GraniteServiceVersion20100801", frozenset(_MONITORING.split())),
    "tagging": ("ResourceGroupsTaggingAPI_20170126", frozenset(("GetResources", "GetTagKeys", "GetTagValues"))),
    "iam": ("", frozenset(_IAM.split())),
    "sts": ("AWSSecurityTokenServiceV20110615", frozenset(("GetCallerIdentity",))),
    "cloudformation": ("", frozenset(_CLOUDFORMATION.split())),
}
_CBOR_PATH = re.compile(r"/service/(\w+)/operation/(\w+)")

_FUNCTION = r"/2015-03-31/functions/[^/]+"
_LAMBDA = [
    (frozenset(methods.split()), re.compile(path))
    for methods, path in (
        ("GET POST", r"/2015-03-31/functions/?"),
        ("GET DELETE", _FUNCTION),
        ("GET PUT", _FUNCTION + r"/configuration"),
        ("PUT", _FUNCTION + r"/code"),
        ("POST", _FUNCTION + r"/invocations"),
        ("GET POST", _FUNCTION + r"/(?:versions|aliases|policy)"),
        ("GET PUT DELETE", _FUNCTION + r"/(?:aliases|policy)/[^/]+"),
        ("GET", r"/2015-03-31/event-source-mappings/?"),
        ("GET", r"/20\d\d-\d\d-\d\d/functions/[^/]+/(?:event-invoke-config(?:/list)?|url|urls|recursion-config)"),
        ("GET PUT DELETE", r"/20\d\d-\d\d-\d\d/functions/[^/]+/(?:concurrency|provisioned-concurrency)"),
        ("GET PUT", r"/20\d\d-\d\d-\d\d/functions/[^/]+/runtime-management-config"),
        ("GET", r"/2018-10-31/layers/?"),
        ("GET POST", r"/2018-10-31/layers/[^/]+/versions"),
        ("GET DELETE", r"/2018-10-31/layers/[^/]+/versions/\d+"),
        ("GET", r"/2018-10-31/layers/[^/]+/versions/\d+/policy"),
        ("GET POST DELETE", r"/2017-03-31/tags/.+"),
        ("GET", r"/2016-08-19/account-settings/?"),
    )
]
_INVOKE = re.compile(_FUNCTION + "/invocations")

# A bucket of objects, by path. A date would be the path of another service's API.
_BUCKET = re.compile(r"/(?:(?!\d{4}-\d\d-\d\d)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:/.*)?)?", re.DOTALL)
_OTHER_PATHS = re.compile(r"/(?:iceberg|oauth2|graphql|restapis|service|v\d{8})(?:/|$)")
_S3_QUERY = """
continuation-token delete delimiter encoding-type fetch-owner list-type location marker max-keys partNumber prefix
start-after tagging uploadId uploads versionId x-id
"""


def unsupported(request: Request, body: bytes | None) -> str:
    """What is not offered, `SERVICE:OPERATION`; "" for an operation that is.

    `body` contains the operation in AWS's query protocol.
    """
    match request.service:
        case "lambda":
            return _unsupported_lambda(request)
        case "s3":
            return _unsupported_s3(request)
        case "xray":
            return "" if not request.headers.get("x-amz-target") else "xray: X-Amz-Target"
        case service if service in _BY_NAME:
            prefix, operations = _BY_NAME[service]
            given, operation = _operation(request, body)
            known = given in (prefix, "") and operation in operations
            return "" if known else f"{service}:{operation or 'an unknown operation'}"
        case service:
            return f"{service or 'an unsigned request'}"


def denied(request: Request) -> str:
    """The operation that a function may not call; "" when the caller may call it.

    A function must not read the code and the variables of others, or change what runs on the stack.
    """
    is_function = request.caller is Caller.FUNCTION and request.service == "lambda"
    return (
        f"lambda: {request.method} {request.path[:100]}" if is_function and not _INVOKE.fullmatch(request.path) else ""
    )


def _operation(request: Request, body: bytes | None) -> tuple[str, str]:
    """The name of the service's interface ("" in the query protocol), and the operation."""
    if request.headers.get("x-amz-target"):
        interface, _, operation = request.headers["x-amz-target"].rpartition(".")
        return (interface, operation) if request.path == "/" else ("", "")
    if match := _CBOR_PATH.fullmatch(request.path):
        return match[1], match[2]
    if request.path != "/":
        return "", ""
    form = parse_qs((body or b"").decode("latin-1"), keep_blank_values=True).get("Action", [])
    url = request.queries("Action")
    return "", (form + url)[0] if len(form) + len(url) == 1 else ""


def _unsupported_lambda(request: Request) -> str:
    if request.headers.get("x-amz-target"):
        return "lambda: X-Amz-Target"
    allowed = any(request.method in methods and path.fullmatch(request.path) for methods, path in _LAMBDA)
    return "" if allowed else f"lambda: {request.method} {request.path[:100]}"


def _unsupported_s3(request: Request) -> str:
    names = set(request.query_names())
    path = request.path
    if _BUCKET.fullmatch(path) is None or _OTHER_PATHS.match(path) or request.headers.get("x-amz-target"):
        return f"s3: {request.method} {path[:100]}"
    unknown = sorted(names - set(_S3_QUERY.split()))
    if unknown or request.method not in ("GET", "HEAD", "PUT", "POST", "DELETE"):
        return f"s3: {request.method} with {', '.join(unknown)[:100]}"
    if request.method == "POST" and not names & {"uploads", "uploadId", "delete"}:
        return f"s3: POST {path[:100]}"
    return ""
