"""The AWS CLI commands that upload a zip: directly, or through S3 above the limit of a direct upload."""

import re
import shlex
from collections.abc import Iterable
from pathlib import PurePath

from monitor.packages.model import ZIPPED_LIMIT_BYTES

# What commands name and only the user knows.
_STANDS_FOR = {
    "FUNCTION": "the name of your function",
    "BUCKET": "an S3 bucket in its Region",
    "ARN-OF-": "the ARN that publishing the layer prints",
}
_PLACEHOLDER = re.compile(r"(?<=--function-name )FUNCTION\b|(?<= s3://)BUCKET\b|(?<= )ARN-OF-[A-Z0-9-]+")


def upload_commands(command: str, path: str, zipped_bytes: int, *, is_layer: bool = False) -> list[str]:
    """`command` with the options that name the zip, after the upload to S3 that it may need."""
    name = shlex.quote(path)
    if zipped_bytes <= ZIPPED_LIMIT_BYTES:
        return [f"{command} --zip-file fileb://{name}"]
    key = shlex.quote(PurePath(path).name)
    place = f"--content S3Bucket=BUCKET,S3Key={key}" if is_layer else f"--s3-bucket BUCKET --s3-key {key}"
    return [f"aws s3 cp {name} s3://BUCKET/{key}", f"{command} {place}"]


def placeholders(commands: Iterable[str]) -> str:
    """What to put in the place of words in the commands that stand for something else; "" if there are none."""
    found = dict.fromkeys(word for command in commands for word in _PLACEHOLDER.findall(command))
    return "; ".join(f"{word}: {_STANDS_FOR[word[:7] if word.startswith('ARN-OF-') else word]}" for word in found)
