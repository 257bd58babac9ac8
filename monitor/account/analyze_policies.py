"""What each command asks AWS: a test holds this against the calls that the commands make, both ways."""

from dataclasses import replace

from monitor.kernel.iam import Need, On

_CONFIGURATION = Need(
    "lambda:GetFunctionConfiguration",
    "where a function logs, and its settings",
    without="its log group is taken to be /aws/lambda/NAME",
)
_GLOB = Need("lambda:ListFunctions", "which functions there are", "a glob")
_ALIAS = Need("lambda:GetAlias", "which versions an alias routes to", "name:alias")
_EVENTS = Need("logs:FilterLogEvents", "the log's lines")
_TAGS = (
    Need("resourcegroupstaggingapi:GetResources", "which functions have a tag", "--tag"),
    Need("lambda:ListFunctions", "where many of them log", "--tag that many functions have"),
)
_GROUPS = (
    Need("logs:DescribeLogGroups", "which log groups there are", "a log group"),
    Need(
        "logs:DescribeLogGroups",
        "whether the log group is there, where nothing was found in it",
        without="it is said that nothing was logged",
    ),
)
_READ = (_CONFIGURATION, _EVENTS, _GLOB, _ALIAS, *_GROUPS)
_FLEET = (_CONFIGURATION, Need("lambda:ListFunctions", "which functions there are", "a glob, --all"), _ALIAS)
_INSIGHTS = tuple(
    Need(f"logs:{call}", why, "--engine insights, or auto for much log")
    for call, why in (
        ("StartQuery", "a query that Logs Insights runs"),
        ("GetQueryResults", "its rows"),
        ("StopQuery", "a query that nobody waits for is stopped"),
    )
)

_SEARCHED = "Transaction Search"
_TO_ITS_END = "it runs to its end"
_DESTINATION = Need(
    "xray:GetTraceSegmentDestination",
    "whether traces go to X-Ray's own store or to aws/spans",
    without="X-Ray's own store is read",
)
_DOCUMENTS = Need("xray:BatchGetTraces", "traces' documents")
_RETRIEVED = (
    Need("xray:StartTraceRetrieval", "traces from aws/spans", _SEARCHED),
    Need("xray:ListRetrievedTraces", "what was retrieved", _SEARCHED),
)
_SPANS = (
    Need("logs:StartQuery", "ids of traces, where the function's log may not be read", _SEARCHED, on=On.SPANS),
    Need("logs:GetQueryResults", "those ids", _SEARCHED),
    Need("logs:StopQuery", "a query that takes too long is stopped", _SEARCHED, without=_TO_ITS_END),
)
_TRACED = (_DESTINATION, _DOCUMENTS, *_RETRIEVED)
_QUALIFIED = Need(
    "lambda:GetAlias",
    "which versions an alias routes to",
    "name:alias",
    "traces are chosen by the alias's own name",
)
_LOGGED_IDS = (
    Need(
        "lambda:GetFunctionConfiguration",
        "the function's log, for ids of traces",
        _SEARCHED,
        "its log group is taken to be /aws/lambda/NAME",
    ),
    Need("logs:FilterLogEvents", "ids of traces", _SEARCHED, "ids come from Logs Insights on aws/spans"),
)
_WARM = "an init that failed or ran inside the invocation looks warm"
# What X-Ray does not show: an init that failed, or ran inside the invocation.
_STARTS = (
    Need(
        "lambda:GetFunctionConfiguration",
        "the function's log, for kinds of start",
        without="its log group is taken to be /aws/lambda/NAME",
    ),
    Need("logs:FilterLogEvents", "kinds of start", without=_WARM),
)
_SUMMARIES = Need("xray:GetTraceSummaries", "which traces there are")
_TRACES = (_SUMMARIES, *_TRACED, _QUALIFIED, *_SPANS)

_DASHBOARD = Need("cloudwatch:GetDashboard", "what the dashboard holds now")
_FACTS = (
    Need(
        "lambda:GetFunctionConfiguration",
        "the function's log group, memory and time-out",
        "--function",
        "its log group is taken to be /aws/lambda/NAME; alarms on its memory or time-out are not made",
    ),
    Need(
        "cloudwatch:ListMetrics",
        "where the function's own metrics are",
        "--function",
        "their namespace and service are assumed",
    ),
)
_PLAN = (_DASHBOARD, *_FACTS, Need("cloudwatch:DescribeAlarms", "the alarms as they are now"))
_STALE = Need("cloudwatch:ListDashboards", "which dashboards FOLDER no longer has", "--prune")

_PACKAGE = (
    Need("lambda:GetFunction", "the function's package"),
    Need(
        "lambda:GetLayerVersionByArn",
        "its layers",
        "a function with layers",
        "a layer that is not handed out is named",
    ),
)

_SAID = "the diagnosis goes on, and says what it is less certain of"

NEEDS: dict[str, tuple[Need, ...]] = {
    "tail": (
        *_READ,
        *_TAGS,
        Need("logs:DescribeLogGroups", "the log group's ARN", "--live", "with --live auto, polling alone"),
        Need("logs:StartLiveTail", "lines as they are logged", "--live", "with --live auto, polling alone"),
    ),
    "metrics": (
        *_FLEET,
        *_TAGS,
        Need("cloudwatch:GetMetricData", "the figures"),
        Need(
            "cloudwatch:ListMetrics",
            "which of the function's own metrics there are",
            without="cold starts, init and memory of Lambda Insights are left out",
        ),
        Need("logs:FilterLogEvents", "REPORT lines", "--memory", "memory stays unknown"),
    ),
    "coldstarts": (
        *_FLEET,
        *_TAGS,
        _EVENTS,
        Need("logs:DescribeLogGroups", "how much log there is to read", without="the log is read, whatever its size"),
        Need("lambda:ListAliases", "which alias a version has", "--by alias", "versions are shown by their numbers"),
        *_INSIGHTS,
        *(replace(need, when="--profile-package") for need in _PACKAGE),
    ),
    "show": (
        *_READ,
        Need("xray:BatchGetTraces", "the request's trace", without="the invocation is shown without its trace"),
        *(replace(need, without="the invocation is shown without its trace") for need in (_DESTINATION, *_RETRIEVED)),
    ),
    "errors": _READ,
    "traces list": (
        *_TRACES,
        *_STARTS,
        *_LOGGED_IDS,
        Need(
            "cloudwatch:GetMetricData",
            "how many invocations there were",
            without="the share that was sampled stays unknown",
        ),
    ),
    "traces show": (
        *_TRACES,
        *_STARTS,
        Need("logs:FilterLogEvents", "the request's lines", "--logs, or a request id", "with --logs, no lines"),
    ),
    "traces follow": (*_TRACES, *_LOGGED_IDS),
    "traces compare": (
        *_TRACES,
        Need(
            "lambda:GetFunctionConfiguration",
            "where the function logs",
            without="its log group is taken to be /aws/lambda/NAME",
        ),
        Need("logs:FilterLogEvents", "init records", without="imports are not compared"),
    ),
    "diagnose": tuple(
        replace(need, without=_SAID)
        for need in (
            Need("lambda:GetFunctionConfiguration", "memory, runtime, log level and where it logs"),
            _EVENTS,
            _GROUPS[1],
            _ALIAS,
            *_PACKAGE,
            _SUMMARIES,
            *_TRACED,
            *_SPANS,
            Need("cloudwatch:ListMetrics", "which of the function's own metrics there are"),
            Need("cloudwatch:GetMetricData", "invocations and throttles"),
            Need("lambda:GetFunctionConcurrency", "its reserved concurrency"),
            Need("lambda:ListProvisionedConcurrencyConfigs", "its provisioned concurrency"),
            Need("lambda:GetAccountSettings", "the account's concurrency"),
            Need("lambda:ListVersionsByFunction", "when it was deployed"),
        )
    ),
    "dashboard list": (Need("cloudwatch:ListDashboards", "which dashboards there are"),),
    "dashboard show": (_DASHBOARD,),
    "dashboard validate": (),
    "dashboard diff": (*_PLAN, _STALE),
    "dashboard deploy": (
        *_PLAN,
        _STALE,
        Need("cloudwatch:PutDashboard", "the dashboard is written"),
        Need("cloudwatch:PutMetricAlarm", "its alarms are written; --no-alarms leaves them out"),
        Need("cloudwatch:DeleteDashboards", "what FOLDER no longer has goes", "--prune"),
        Need("cloudwatch:DeleteAlarms", "what FOLDER no longer has goes", "--prune"),
    ),
    "dashboard pull": (_DASHBOARD,),
    "dashboard delete": (
        _DASHBOARD,
        Need("cloudwatch:DeleteDashboards", "it is deleted"),
        Need("cloudwatch:DescribeAlarms", "the alarms that it shows", "--alarms"),
        Need("cloudwatch:DeleteAlarms", "they are deleted", "--alarms"),
    ),
    "dashboard render": (
        Need("cloudwatch:GetDashboard", "the dashboard", "a NAME of the account"),
        *_FACTS,
        *(
            Need(f"cloudwatch:{call}", why, when, without="the widgets that need it say why they are empty")
            for call, why, when in (
                ("GetMetricData", "metric widgets' data", ""),
                ("DescribeAlarms", "alarm widgets' states", ""),
                ("GetMetricWidgetImage", "metric widgets as CloudWatch draws them", "--native"),
            )
        ),
        *(
            Need(f"logs:{call}", "log widgets' rows", when, "the widgets that need it say why they are empty")
            for call, when in (("StartQuery", ""), ("GetQueryResults", ""), ("FilterLogEvents", "--engine scan"))
        ),
        Need("logs:StopQuery", "a query that takes too long is stopped", without=_TO_ITS_END),
    ),
    "package inspect": (
        *_PACKAGE,
        *(
            Need(need.call, need.why, "--imports", need.without)
            for need in (_CONFIGURATION, Need("logs:FilterLogEvents", "init records"))
        ),
    ),
    "package diff": _PACKAGE,
    **dict.fromkeys(("package build", "package layers", "package dockerfile", "package split"), ()),
    "function show": (Need("lambda:GetFunctionConfiguration", "the configuration"),),
    "instrument": (
        Need("lambda:ListFunctions", "which functions there are", "a glob, --all"),
        Need("lambda:GetFunction", "the function's settings and package"),
        Need(
            "lambda:GetLayerVersionByArn",
            "what its layers, and the one that is added, hold",
            "a function with layers, --layer",
        ),
        Need(
            "iam:SimulatePrincipalPolicy",
            "whether the function's role may log and trace",
            without="the plan says that it could not be asked",
        ),
        Need(
            "iam:GetRole",
            "whether the role is there, where it may do nothing",
            without="the plan says that it could not be asked",
        ),
        Need("lambda:UpdateFunctionConfiguration", "the plan is brought into force", "--apply"),
        Need("lambda:GetFunctionConfiguration", "the wait until it is in force", "--apply"),
    ),
    **dict.fromkeys(
        ("local up", "local down", "local status", "local env", "local run", "local invoke", "demo", "iam-policy"), ()
    ),
    "doctor": tuple(
        Need(call, f"whether it is allowed: {what}", without="the check says so")
        for call, what in (
            ("lambda:ListFunctions", "functions"),
            ("lambda:GetFunctionConfiguration", "settings"),
            ("lambda:GetFunction", "packages"),
            ("logs:DescribeLogGroups", "log groups"),
            ("logs:FilterLogEvents", "log lines"),
            ("cloudwatch:ListMetrics", "metrics"),
            ("cloudwatch:GetMetricData", "figures"),
            ("cloudwatch:ListDashboards", "dashboards"),
            ("cloudwatch:DescribeAlarms", "alarms"),
            ("xray:GetTraceSummaries", "traces"),
            ("xray:BatchGetTraces", "documents"),
            ("xray:GetTraceSegmentDestination", "spans"),
            ("resourcegroupstaggingapi:GetResources", "tags"),
            ("lambda:GetAccountSettings", "limits"),
        )
    ),
    "completion": (
        Need("lambda:ListFunctions", "functions' names, as TAB completes them", without="nothing is completed"),
        Need("cloudwatch:ListDashboards", "dashboards' names", without="nothing is completed"),
    ),
}
