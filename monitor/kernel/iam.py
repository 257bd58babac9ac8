"""IAM's view of the API calls that monitor makes: which action each needs, and on what kind of resource.

The kinds are those of AWS's Service Authorization Reference: an action with no resource type of its own can only be
allowed on "*". https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

from enum import Enum

from monitor.kernel.values import dataclass


class On(Enum):
    """What kind of resource an action is allowed on."""

    ANY = "any resource"
    FUNCTION = "functions"
    LAYER = "layer versions"
    LOG_GROUP = "log groups"
    SPANS = "the log group aws/spans"
    DASHBOARD = "dashboards"
    ALARM = "alarms"
    ROLE = "roles"


@dataclass(frozen=True, slots=True)
class Action:
    """An IAM action and what it is allowed on; `name` is empty for a call that everybody may make."""

    name: str
    on: On = On.ANY


# Where IAM's name is not `service:Operation` of the API.
_RENAMED = {
    "lambda:Invoke": "lambda:InvokeFunction",
    "lambda:GetLayerVersionByArn": "lambda:GetLayerVersion",
    # Not even an explicit deny forbids it, its reference says.
    "sts:GetCallerIdentity": "",
}
_PREFIX = {"resourcegroupstaggingapi": "tag"}
_ON: dict[On, tuple[str, ...]] = {
    On.ANY: (
        "lambda:ListFunctions",
        "lambda:GetAccountSettings",
        # Evaluated on no group's name, though it answers groups.
        "logs:DescribeLogGroups",
        # Named by a query's id, which is no resource.
        "logs:GetQueryResults",
        "logs:StopQuery",
        "cloudwatch:GetMetricData",
        "cloudwatch:GetMetricWidgetImage",
        "cloudwatch:ListMetrics",
        "cloudwatch:ListDashboards",
        # Composite alarms are answered only where it is allowed on "*" (DescribeAlarms' reference).
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
        "lambda:GetAlias",
        "lambda:GetFunction",
        "lambda:GetFunctionConcurrency",
        "lambda:GetFunctionConfiguration",
        "lambda:Invoke",
        "lambda:ListAliases",
        "lambda:ListProvisionedConcurrencyConfigs",
        "lambda:ListVersionsByFunction",
        "lambda:UpdateFunctionConfiguration",
    ),
    On.LAYER: ("lambda:GetLayerVersionByArn",),
    On.LOG_GROUP: ("logs:FilterLogEvents", "logs:StartLiveTail", "logs:StartQuery"),
    On.DASHBOARD: ("cloudwatch:DeleteDashboards", "cloudwatch:GetDashboard", "cloudwatch:PutDashboard"),
    On.ALARM: ("cloudwatch:DeleteAlarms", "cloudwatch:PutLogAlarm", "cloudwatch:PutMetricAlarm"),
    On.ROLE: ("iam:GetRole", "iam:SimulatePrincipalPolicy"),
}


def _name(call: str) -> str:
    if call in _RENAMED:
        return _RENAMED[call]
    service, _, operation = call.partition(":")
    return f"{_PREFIX.get(service, service)}:{operation}"


# By API call as `service:Operation`, the service as the AWS CLI names it.
ACTIONS: dict[str, Action] = {call: Action(_name(call), on) for on, calls in _ON.items() for call in calls}


def iam_action(service: str, operation: str) -> str:
    """The IAM action that an API call needs, e.g. `logs:FilterLogEvents`; for a call that needs none, its own name."""
    return _name(f"{service}:{operation}") or f"{service}:{operation}"


@dataclass(frozen=True, slots=True)
class Need:
    """A call that a command makes, and why.

    `when` is the option, or the kind of TARGET, that leads to it; empty: always. `without` says how the command goes
    on where the call is refused; empty: it does not. `on` is narrower than the action's own kind, or None.
    """

    call: str
    why: str
    when: str = ""
    without: str = ""
    on: On | None = None

    @property
    def action(self) -> Action:
        """The action, on what this command needs it on."""
        action = ACTIONS[self.call]
        return action if self.on is None else Action(action.name, self.on)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a policy is narrowed to; empty: all. Functions may be patterns; `log_groups` are beside the functions' own.

    `account` is 12 digits, or empty.
    """

    functions: tuple[str, ...] = ()
    log_groups: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    account: str = ""
