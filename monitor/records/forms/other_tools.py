"""What other tools print with columns: awslogs, saw, cw, Pulumi, the Serverless Framework, an export to S3."""

from monitor.records.forms.columns import column_form

# The columns can be left out one by one (-G, -S) and a time can be added; they are padded.
AWSLOGS = column_form(
    "awslogs",
    "the output of `awslogs get`",
    "{name} +{stream} +{time} +{time2} +",
    "{name} +{stream} +{time} +",
    "{name} +{stream} +",
    "{stream} +{time} +{time2} +",
    "{stream} +{time} +",
    "{stream} +",
    example="awslogs get GROUP",
)
AWSLOGS_GROUP = column_form(
    "awslogs-group",
    "the output of `awslogs get --no-stream`",
    "{group} +{time} +{time2} +",
    "{group} +{time} +",
    "{group} +",
    example="awslogs get GROUP --no-stream",
)
SAW = column_form(
    "saw",
    "the output of `saw get`",
    r"\[{time}\] \({stream=[^)\s]{1,512}}\) ",
    example="saw get GROUP --expand",
)
CW = column_form(
    "cw",
    "the output of `cw tail`",
    r"(?:{local} - )?(?:{group} - )?{stream} - ",
    example="cw tail -t -s -n GROUP",
)
BRACKETED = column_form(
    "bracketed-time",
    "messages with a time in brackets",
    r"\[{local}\](?:\[? {0,60}{name}\])?:? ",
    r"\[{epoch}\] ",
    example="saw get GROUP, cwtail, zappa tail",
)
PULUMI = column_form(
    "pulumi",
    "the output of `pulumi logs`",
    r" ?{time}\[ *{name}\] ",
    example="pulumi logs",
)
# A file of an export task has neither stream nor group: the folder is named for the stream.
S3_EXPORT = column_form(
    "s3-export",
    "a file of an export to S3",
    r"{time=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z} ",
    example="aws logs create-export-task",
)
