"""All forms, and which one a saved log is in."""

from monitor.errors import UsageError
from monitor.records.forms import aws_cli, console, containers, other_tools, sam
from monitor.records.forms.base64_text import BASE64
from monitor.records.forms.drawn_tables import DRAWN_TABLE
from monitor.records.forms.form import Form, Sample
from monitor.records.forms.json_form import JSON_FORMS
from monitor.records.forms.learned import LEARNED, begins_record
from monitor.records.forms.monitor_text import MONITOR_TEXT
from monitor.records.forms.plain import PLAIN
from monitor.records.forms.tab_messages import TAB_MESSAGES
from monitor.records.forms.tables import CSV
from monitor.records.forms.yaml_text import YAML

# Of two forms with the same score, the first is taken: those with more columns come first.
FORMS: tuple[Form, ...] = (
    aws_cli.TAIL,
    sam.SAM,
    other_tools.AWSLOGS,
    other_tools.SAW,
    other_tools.CW,
    aws_cli.TEXT,
    aws_cli.TEXT_COLUMNS,
    other_tools.PULUMI,
    other_tools.AWSLOGS_GROUP,
    containers.COMPOSE,
    containers.KUBECTL,
    containers.SYSLOG,
    other_tools.S3_EXPORT,
    aws_cli.TAIL_SHORT,
    console.COPIED,
    other_tools.BRACKETED,
    containers.COMPOSE_BARE,
    CSV,
    DRAWN_TABLE,
    YAML,
    MONITOR_TEXT,
    BASE64,
    TAB_MESSAGES,
    PLAIN,
    *JSON_FORMS,
    LEARNED,
)


def form_named(name: str) -> Form:
    """The form of a name.

    Raises:
        UsageError: there is no such form.
    """
    found = next((form for form in FORMS if form.name == name), None)
    if found is None:
        raise UsageError(f"--form {name} is not known", f"give one of {', '.join(form.name for form in FORMS)}")
    return found


def detect(sample: Sample) -> tuple[Form, float]:
    """The form that fits a sample best, and its score; messages without columns at 0.0 where nothing fits."""
    best, most = PLAIN, 0.0
    for form in FORMS:
        score = form.score(sample)
        if score > most and (form is not LEARNED or not _has_records(best, sample)):
            best, most = form, score
    return best, most


def _has_records(form: Form, sample: Sample) -> bool:
    """Whether a form finds records of the platform: then others, which a function can print, prove nothing."""
    return any(begins_record(event.message) for event in sample.events(form.reader(sample)))
