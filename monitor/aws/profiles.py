"""The profiles of the AWS configuration files."""

from botocore.exceptions import BotoCoreError
from botocore.session import Session

from monitor.aws.errors import translated


def names() -> list[str]:
    """The names of all profiles.

    Raises:
        UsageError: the configuration file cannot be read.
    """
    try:
        return list(Session().available_profiles)
    except BotoCoreError as error:
        raise translated(error, "", "", "AWS") from error
