"""Whether a function's role may do what its instruments do.

Asked of IAM's own simulator (SimulatePrincipalPolicy), in two calls that change nothing: it knows managed and inline
policies, conditions and permission boundaries, which reading the policies here would have to reinvent. It does not
know organizations' service control policies.
"""

from monitor.aws.connection import Connection
from monitor.errors import MonitorError, NotFoundError
from monitor.instrument.model import RoleCheck

TRACING_ACTIONS = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")
_LOG_ACTIONS = ("logs:CreateLogStream", "logs:PutLogEvents")


def check_role(connection: Connection, role_arn: str, function_arn: str, log_group: str, *, tracing: bool) -> RoleCheck:
    """Which of the actions the role lacks; logs carry the init record and the metrics, X-Ray the subsegments."""
    role = role_arn.rpartition("/")[2] or role_arn
    if not role_arn:
        return RoleCheck(role, None, "the function has no role")
    _, partition, _, region, account, *_ = function_arn.split(":")
    group = f"arn:{partition}:logs:{region}:{account}:log-group:{log_group}:*"
    asked = {group: _LOG_ACTIONS} | ({"*": TRACING_ACTIONS} if tracing else {})
    missing: list[str] = []
    try:
        for resource, actions in asked.items():
            answer = connection.call(
                "iam",
                "SimulatePrincipalPolicy",
                PolicySourceArn=role_arn,
                ActionNames=list(actions),
                ResourceArns=[resource],
            )
            missing += [
                result["EvalActionName"]
                for result in answer.get("EvaluationResults", [])
                if result["EvalDecision"] != "allowed"
            ]
        # A role that may do nothing at all may be no role: simulators of emulators answer for those too.
        if len(missing) == sum(map(len, asked.values())):
            connection.call("iam", "GetRole", RoleName=role)
    except NotFoundError:
        return RoleCheck(role, None, "there is no such role")
    except MonitorError as error:
        return RoleCheck(role, None, error.message)
    return RoleCheck(role, tuple(missing))
