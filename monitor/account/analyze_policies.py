"""The API calls that each command makes. A test compares this table with the calls of real runs, in both directions."""

from dataclasses import replace

from monitor.kernel.iam import Need, On

_CONFIGURATION = Need(
    "lambda:GetFunctionConfiguration",
    "the function's log group and settings",
    without="its log group is assumed to be /aws/lambda/NAME",
)
_GLOB = Need("lambda:ListFunctions", "names of functions", "a glob")
_ALIAS = Need("lambda:GetAlias", "the versions that an alias routes to", "name:alias")
_EVENTS = Need("logs:FilterLogEvents", "log events")
_TAGS = (
    Need("resourcegroupstaggingapi:GetResources", "functions with a tag", "--tag"),
    Need("lambda:ListFunctions", "log groups of many functions", "--tag that many functions have"),
)
_GROUPS = (
    Need("logs:DescribeLogGroups", "names of log groups", "a log group"),
    Need(
        "logs:DescribeLogGroups",
        "whether an empty log group exists",
        without="a missing log group is reported as an empty one",
    ),
)
_READ = (_CONFIGURATION, _EVENTS, _GLOB, _ALIAS, *_GROUPS)
_FLEET = (_CONFIGURATION, Need("lambda:ListFunctions", "names of functions", "a glob, --all"), _ALIAS)
_INSIGHTS = tuple(
    Need(f"logs:{call}", why, "--engine insights, or auto with a large log")
    for call, why in (
        ("StartQuery", "a Logs Insights query"),
        ("GetQueryResults", "the query's rows"),
        ("StopQuery", "stops a query that nobody waits for"),
    )
)

_TRANSACTION_SEARCH = "Transaction Search"
_TO_ITS_END = "the query runs to its end"
_DESTINATION = Need(
    "xray:GetTraceSegmentDestination",
    "whether traces are stored in X-Ray or in aws/spans",
    without="traces are read from X-Ray",
)
_DOCUMENTS = Need("xray:BatchGetTraces", "trace documents")
_RETRIEVED = (
    Need("xray:StartTraceRetrieval", "traces from aws/spans", _TRANSACTION_SEARCH),
    Need("xray:ListRetrievedTraces", "the retrieved traces", _TRANSACTION_SEARCH),
)
_SPANS = (
    Need("logs:StartQuery", "trace ids, if the function's log cannot be read", _TRANSACTION_SEARCH, on=On.SPANS),
    Need("logs:GetQueryResults", "the trace ids", _TRANSACTION_SEARCH),
    Need("logs:StopQuery", "stops a query that takes too long", _TRANSACTION_SEARCH, without=_TO_ITS_END),
)
_TRACED = (_DESTINATION, _DOCUMENTS, *_RETRIEVED)
_QUALIFIED = Need(
    "lambda:GetAlias",
    "the versions that an alias routes to",
    "name:alias",
    "traces are filtered by the name of the alias",
)
_LOGGED_IDS = (
    Need(
        "lambda:GetFunctionConfiguration",
        "the function's log group, for trace ids",
        _TRANSACTION_SEARCH,
        "its log group is taken to be /aws/lambda/NAME",
    ),
    Need("logs:FilterLogEvents", "trace ids", _TRANSACTION_SEARCH, "trace ids come from Logs Insights on aws/spans"),
)
_WARM = "an invocation whose init failed or was suppressed looks warm"
# X-Ray does not show an init that failed, or that ran inside the invocation.
_STARTS = (
    Need(
        "lambda:GetFunctionConfiguration",
        "the function's log group, for kinds of start",
        without="its log group is assumed to be /aws/lambda/NAME",
    ),
    Need("logs:FilterLogEvents", "kinds of start", without=_WARM),
)
_SUMMARIES = Need("xray:GetTraceSummaries", "trace summaries")
_TRACES = (_SUMMARIES, *_TRACED, _QUALIFIED, *_SPANS)

_DASHBOARD = Need("cloudwatch:GetDashboard", "the dashboard as it is now")
_FACTS = (
    Need(
        "lambda:GetFunctionConfiguration",
        "the function's log group, memory and timeout",
        "--function",
        "its log group is assumed to be /aws/lambda/NAME; alarms on its memory or timeout are not created",
    ),
    Need(
        "cloudwatch:ListMetrics",
        "the namespace of the function's own metrics",
        "--function",
        "default values of namespace and service are used",
    ),
)
_PLAN = (
    _DASHBOARD,
    *_FACTS,
    Need("cloudwatch:DescribeAlarms", "the alarms as they are now"),
    Need(
        "cloudwatch:ListTagsForResource",
        "the stack of a dashboard or alarm that monitor did not deploy",
        "a dashboard or alarm that monitor did not deploy",
        "whether a stack deploys it is not known",
    ),
)
_STALE = Need("cloudwatch:ListDashboards", "dashboards whose templates are gone from FOLDER", "--prune")

_PACKAGE = (
    Need("lambda:GetFunction", "the function's package"),
    Need(
        "lambda:GetLayerVersionByArn",
        "the function's layers",
        "a function with layers",
        "layers that cannot be read are listed",
    ),
)

_LESS_CERTAIN = "the diagnosis continues and reports what it is less certain of"

_PAGE = "the page says what is missing"
_ANSWER = "the tool's result says what is missing"


def _page() -> tuple[Need, ...]:
    """What the live page reads: each view says what it could not read."""
    names = (
        _CONFIGURATION,
        Need("lambda:ListFunctions", "names of functions", "no TARGET, a glob"),
        _ALIAS,
        *_TAGS,
    )
    views = (
        _EVENTS,
        Need("logs:DescribeLogGroups", "the size of a log, and whether it exists"),
        Need("cloudwatch:ListMetrics", "names of the function's own metrics"),
        Need("cloudwatch:GetMetricData", "figures of functions and dashboards"),
        _SUMMARIES,
        *_TRACED,
        *_SPANS,
        Need("cloudwatch:ListDashboards", "names of dashboards"),
        Need("cloudwatch:GetDashboard", "a dashboard"),
        Need("cloudwatch:DescribeAlarms", "states of alarms"),
        *_PACKAGE,
        Need("lambda:GetFunctionConcurrency", "reserved concurrency, for a diagnosis"),
        Need("lambda:ListProvisionedConcurrencyConfigs", "provisioned concurrency, for a diagnosis"),
        Need("lambda:GetAccountSettings", "the concurrency limit of the account, for a diagnosis"),
        Need("lambda:ListVersionsByFunction", "times of deployments"),
    )
    return (*names, *(replace(need, without=_PAGE) for need in views))


def _assistant() -> tuple[Need, ...]:
    """What the tools of `monitor mcp` read: each answer says what it could not read."""
    plan = (
        Need(call, why, "--allow-plan")
        for call, why in (
            ("iam:SimulatePrincipalPolicy", "whether the function's role allows logging and tracing"),
            ("iam:GetRole", "whether the role exists, if it allows nothing"),
        )
    )
    return tuple(replace(need, without=_ANSWER) for need in (*(one for one in _page() if one not in _TAGS), *plan))


NEEDS: dict[str, tuple[Need, ...]] = {
    "tail": (
        *_READ,
        *_TAGS,
        Need("logs:DescribeLogGroups", "the log group's ARN", "--live", "with --live auto, polling only"),
        Need("logs:StartLiveTail", "new log events", "--live", "with --live auto, polling only"),
    ),
    "metrics": (
        *_FLEET,
        *_TAGS,
        Need("cloudwatch:GetMetricData", "metric data"),
        Need(
            "cloudwatch:ListMetrics",
            "names of the function's own metrics",
            without="cold starts, init and memory of Lambda Insights are left out",
        ),
        Need("logs:FilterLogEvents", "REPORT lines", "--memory", "memory is unknown"),
    ),
    "coldstarts": (
        *_FLEET,
        *_TAGS,
        _EVENTS,
        Need("logs:DescribeLogGroups", "the size of the log", without="the log is read, whatever its size"),
        Need("lambda:ListAliases", "the aliases of a version", "--by alias", "versions are shown by number"),
        *_INSIGHTS,
        *(replace(need, when="--profile-package") for need in _PACKAGE),
    ),
    "show": (
        *_READ,
        Need("xray:BatchGetTraces", "the trace of the request", without="the invocation is shown without its trace"),
        *(replace(need, without="the invocation is shown without its trace") for need in (_DESTINATION, *_RETRIEVED)),
    ),
    "errors": _READ,
    "traces list": (
        *_TRACES,
        *_STARTS,
        *_LOGGED_IDS,
        Need(
            "cloudwatch:GetMetricData",
            "the number of invocations",
            without="the sampled share is unknown",
        ),
    ),
    "traces show": (
        *_TRACES,
        *_STARTS,
        Need(
            "logs:FilterLogEvents", "log events of the request", "--logs, or a request id", "log events are not shown"
        ),
    ),
    "traces follow": (*_TRACES, *_LOGGED_IDS),
    "traces compare": (
        *_TRACES,
        Need(
            "lambda:GetFunctionConfiguration",
            "the function's log group",
            without="its log group is assumed to be /aws/lambda/NAME",
        ),
        Need("logs:FilterLogEvents", "init records", without="imports are not compared"),
    ),
    "diagnose": tuple(
        replace(need, without=_LESS_CERTAIN)
        for need in (
            Need("lambda:GetFunctionConfiguration", "memory, runtime, log level and log group"),
            _EVENTS,
            _GROUPS[1],
            _ALIAS,
            *_PACKAGE,
            _SUMMARIES,
            *_TRACED,
            *_SPANS,
            Need("cloudwatch:ListMetrics", "names of the function's own metrics"),
            Need("cloudwatch:GetMetricData", "invocations and throttles"),
            Need("lambda:GetFunctionConcurrency", "reserved concurrency"),
            Need("lambda:ListProvisionedConcurrencyConfigs", "provisioned concurrency"),
            Need("lambda:GetAccountSettings", "the concurrency limit of the account"),
            Need("lambda:ListVersionsByFunction", "times of deployments"),
        )
    ),
    "serve": _page(),
    "mcp": _assistant(),
    "dashboard list": (Need("cloudwatch:ListDashboards", "names of dashboards"),),
    "dashboard show": (_DASHBOARD,),
    "dashboard validate": (),
    "dashboard diff": (*_PLAN, _STALE),
    "dashboard deploy": (
        *_PLAN,
        _STALE,
        Need("cloudwatch:PutDashboard", "writes the dashboard"),
        Need("cloudwatch:PutMetricAlarm", "writes its alarms, unless --no-alarms is given"),
        Need("cloudwatch:PutLogAlarm", "writes alarms on log queries", "an alarm template with a log query"),
        Need("cloudwatch:DeleteDashboards", "deletes dashboards whose templates are gone from FOLDER", "--prune"),
        Need("cloudwatch:DeleteAlarms", "deletes alarms whose templates are gone from FOLDER", "--prune"),
    ),
    "dashboard pull": (_DASHBOARD,),
    "dashboard export": (Need("cloudwatch:GetDashboard", "the dashboard", "a NAME of the account"),),
    "dashboard delete": (
        _DASHBOARD,
        Need("cloudwatch:DeleteDashboards", "deletes the dashboard"),
        Need("cloudwatch:DescribeAlarms", "alarms that the dashboard shows", "--alarms"),
        Need("cloudwatch:DeleteAlarms", "deletes those alarms", "--alarms"),
    ),
    "dashboard render": (
        Need("cloudwatch:GetDashboard", "the dashboard", "a NAME of the account"),
        *_FACTS,
        *(
            Need(f"cloudwatch:{call}", why, when, without="widgets that need it show the reason instead")
            for call, why, when in (
                ("GetMetricData", "data of metric widgets", ""),
                ("ListMetrics", "PromQL queries, together with cloudwatch:GetMetricData", "a chart widget"),
                ("DescribeAlarms", "states of alarms", ""),
                ("GetMetricWidgetImage", "metric widgets as images drawn by CloudWatch", "--native"),
            )
        ),
        *(
            Need(f"logs:{call}", "data of log widgets", when, "widgets that need it show the reason instead")
            for call, when in (("StartQuery", ""), ("GetQueryResults", ""), ("FilterLogEvents", "--engine scan"))
        ),
        Need("logs:StopQuery", "stops a query that takes too long", without=_TO_ITS_END),
    ),
    "package inspect": (
        *_PACKAGE,
        *(
            Need(need.call, need.why, "--imports", need.without)
            for need in (_CONFIGURATION, Need("logs:FilterLogEvents", "init records"))
        ),
    ),
    "package diff": _PACKAGE,
    "optimize": (
        Need("lambda:GetFunction", "the function's package", "a TARGET"),
        Need("lambda:GetLayerVersionByArn", "the function's layers", "a TARGET with layers"),
    ),
    **dict.fromkeys(("budget", "package build", "package layers", "package dockerfile", "package split"), ()),
    "function show": (Need("lambda:GetFunctionConfiguration", "the configuration"),),
    "open": (
        Need(
            "lambda:GetFunctionConfiguration",
            "the function's log group",
            "a function",
            "the log group is assumed to be /aws/lambda/NAME",
        ),
    ),
    "layer publish": (
        Need("lambda:ListLayerVersions", "the layer's newest version"),
        Need("lambda:GetLayerVersion", "whether it is this one"),
        Need("lambda:PublishLayerVersion", "a new version", "--apply"),
    ),
    "instrument": (
        Need("lambda:ListFunctions", "names of functions", "a glob, --all"),
        Need("lambda:GetFunction", "the function's settings and package"),
        # GetFunction has the tags in its answer only with this permission (API reference of GetFunction).
        Need(
            "lambda:ListTags",
            "the function's tags, which name the tool that deploys it",
            without="the plan does not say that the next deployment undoes it",
            part_of="lambda:GetFunction",
        ),
        Need(
            "lambda:GetLayerVersionByArn",
            "contents of its layers and of the added one",
            "a function with layers, --layer",
        ),
        Need(
            "iam:SimulatePrincipalPolicy",
            "whether the function's role allows logging and tracing",
            without="the plan says that this was not checked",
        ),
        Need(
            "iam:GetRole",
            "whether the role exists, if it allows nothing",
            without="the plan says that this was not checked",
        ),
        Need("lambda:UpdateFunctionConfiguration", "applies the plan", "--apply"),
        Need("lambda:GetFunctionConfiguration", "waits until the update is complete", "--apply"),
    ),
    "measure": (
        Need("lambda:GetFunctionConfiguration", "memory and names of variables, and whether an update is complete"),
        Need("lambda:UpdateFunctionConfiguration", "forces each cold start, and restores the function"),
        Need("lambda:Invoke", "each cold start"),
        Need("lambda:GetAlias", "whether the alias is there", "--alias"),
        Need("lambda:PublishVersion", "the versions to measure", "--alias"),
        Need("lambda:CreateAlias", "the alias of the versions", "--alias"),
        Need("lambda:UpdateAlias", "points the alias to the next version", "--alias"),
        Need("lambda:DeleteAlias", "deletes the alias at the end", "--alias"),
        Need("lambda:ListVersionsByFunction", "the versions to delete at the end", "--alias"),
        Need("lambda:DeleteFunction", "deletes these versions at the end", "--alias"),
    ),
    **dict.fromkeys(
        (
            "local up",
            "local down",
            "local status",
            "local env",
            "local run",
            "local invoke",
            "demo",
            "help",
            "config path",
            "config show",
            "config set",
            "self",
            "iam-policy",
        ),
        (),
    ),
    "doctor": tuple(
        Need(call, f"checks access to {what}", without="the check reports it")
        for call, what in (
            ("lambda:ListFunctions", "functions"),
            ("lambda:GetFunctionConfiguration", "function settings"),
            ("lambda:GetFunction", "packages"),
            ("logs:DescribeLogGroups", "log groups"),
            ("logs:FilterLogEvents", "log events"),
            ("cloudwatch:ListMetrics", "metrics"),
            ("cloudwatch:GetMetricData", "metric data"),
            ("cloudwatch:ListDashboards", "dashboards"),
            ("cloudwatch:DescribeAlarms", "alarms"),
            ("xray:GetTraceSummaries", "trace summaries"),
            ("xray:BatchGetTraces", "trace documents"),
            ("xray:GetTraceSegmentDestination", "the trace destination"),
            ("resourcegroupstaggingapi:GetResources", "tags"),
            ("lambda:GetAccountSettings", "account limits"),
        )
    ),
    "completion": (
        Need("lambda:ListFunctions", "completes function names", without="names are not completed"),
        Need("cloudwatch:ListDashboards", "completes dashboard names", without="names are not completed"),
    ),
}
# These take TARGETs, which can be the functions of a stack.
_OF_STACK = Need("cloudformation:ListStackResources", "the functions of a stack", "--stack")
for _name in (
    *("tail", "metrics", "coldstarts", "show", "errors", "diagnose", "function show", "open", "instrument"),
    *("traces list", "traces show", "traces follow", "traces compare"),
    *("serve", "package inspect", "measure", "optimize"),
):
    NEEDS[_name] += (_OF_STACK,)
