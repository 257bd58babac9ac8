"""The IAM actions that monitor's API calls need, and the kind of resource of each.

The kinds come from AWS's Service Authorization Reference. An action without a resource type can only be allowed on
"*". https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

from enum import Enum

from monitor.kernel.values import dataclass


class On(Enum):
    """The kind of resource that an action applies to."""

    ANY = "any resource"
    FUNCTION = "functions"
    VERSION = "versions of functions"
    LAYER = "layer versions"
    LOG_GROUP = "log groups"
    SPANS = "the log group aws/spans"
    DASHBOARD = "dashboards"
    ALARM = "alarms"
    ROLE = "roles"
    STACK = "stacks"


@dataclass(frozen=True, slots=True)
class Action:
    """An IAM action and its kind of resource. `name` is empty for a call that needs no permission."""

    name: str
    on: On = On.ANY


# Calls whose IAM action has another name than `service:Operation`.
_RENAMED = {
    "lambda:Invoke": "lambda:InvokeFunction",
    "lambda:GetLayerVersionByArn": "lambda:GetLayerVersion",
    # The API reference says that not even an explicit deny forbids it.
    "sts:GetCallerIdentity": "",
}
_PREFIX = {"resourcegroupstaggingapi": "tag"}
_ON: dict[On, tuple[str, ...]] = {
    On.ANY: (
        "lambda:ListFunctions",
        "lambda:GetAccountSettings",
        "lambda:ListLayerVersions",
        # IAM evaluates it without a log group, although it returns log groups.
        "logs:DescribeLogGroups",
        # Its parameter is a query id, which is not a resource.
        "logs:GetQueryResults",
        "logs:StopQuery",
        "cloudwatch:GetMetricData",
        "cloudwatch:GetMetricWidgetImage",
        "cloudwatch:ListMetrics",
        # It takes the ARN of a dashboard or of an alarm.
        "cloudwatch:ListTagsForResource",
        "cloudwatch:ListDashboards",
        # It returns composite alarms only if it is allowed on "*" (API reference of DescribeAlarms).
        "cloudwatch:DescribeAlarms",
        "xray:BatchGetTraces",
        "xray:GetTraceSegmentDestination",
        "xray:GetTraceSummaries",
        "xray:ListRetrievedTraces",
        "xray:StartTraceRetrieval",
        "resourcegroupstaggingapi:GetResources",
        "sts:GetCallerIdentity",
    ),
    On.FUNCTION: (
        "lambda:CreateAlias",
        "lambda:DeleteAlias",
        "lambda:GetAlias",
        "lambda:GetFunction",
        "lambda:GetFunctionConcurrency",
        "lambda:GetFunctionConfiguration",
        "lambda:Invoke",
        "lambda:ListAliases",
        "lambda:ListProvisionedConcurrencyConfigs",
        "lambda:ListTags",
        "lambda:ListVersionsByFunction",
        "lambda:PublishVersion",
        "lambda:UpdateAlias",
        "lambda:UpdateFunctionConfiguration",
    ),
    # The only command that deletes deletes versions; a policy for it must not allow the deletion of a function.
    On.VERSION: ("lambda:DeleteFunction",),
    On.LAYER: ("lambda:GetLayerVersion", "lambda:GetLayerVersionByArn", "lambda:PublishLayerVersion"),
    On.LOG_GROUP: ("logs:FilterLogEvents", "logs:StartLiveTail", "logs:StartQuery"),
    On.DASHBOARD: ("cloudwatch:DeleteDashboards", "cloudwatch:GetDashboard", "cloudwatch:PutDashboard"),
    On.ALARM: ("cloudwatch:DeleteAlarms", "cloudwatch:PutLogAlarm", "cloudwatch:PutMetricAlarm"),
    On.ROLE: ("iam:GetRole", "iam:SimulatePrincipalPolicy"),
    On.STACK: ("cloudformation:ListStackResources",),
}


def _name(call: str) -> str:
    if call in _RENAMED:
        return _RENAMED[call]
    service, _, operation = call.partition(":")
    return f"{_PREFIX.get(service, service)}:{operation}"


# By API call as `service:Operation`, the service as the AWS CLI names it.
ACTIONS: dict[str, Action] = {call: Action(_name(call), on) for on, calls in _ON.items() for call in calls}


def iam_action(service: str, operation: str) -> str:
    """The IAM action of an API call, e.g. `logs:FilterLogEvents`; the call's own name if it needs no permission."""
    return _name(f"{service}:{operation}") or f"{service}:{operation}"


@dataclass(frozen=True, slots=True)
class Need:
    """A call that a command makes, and why.

    `when` is the option, or the kind of TARGET, that causes the call; empty: always. `without` says how the command
    continues if AWS denies the call; empty: it fails. `on` narrows the kind of resource, or is None. `part_of` is
    another call, whose answer lacks a part without this permission; empty: this is a call of its own.
    """

    call: str
    why: str
    when: str = ""
    without: str = ""
    on: On | None = None
    part_of: str = ""

    @property
    def action(self) -> Action:
        """The action, with the kind of resource that this command needs."""
        action = ACTIONS[self.call]
        return action if self.on is None else Action(action.name, self.on)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a policy is limited to; empty: no limit. `functions` can be patterns; `log_groups` are additional groups.

    `account` is 12 digits, or empty.
    """

    functions: tuple[str, ...] = ()
    log_groups: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    account: str = ""
