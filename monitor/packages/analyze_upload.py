"""The AWS CLI commands that upload a zip: directly, or through S3 above the limit of a direct upload."""

import shlex
from pathlib import PurePath

from monitor.packages.model import ZIPPED_LIMIT_BYTES


def upload_commands(command: str, path: str, zipped_bytes: int, *, is_layer: bool = False) -> list[str]:
    """`command` with the options that name the zip, after the upload to S3 that it may need."""
    name = shlex.quote(path)
    if zipped_bytes <= ZIPPED_LIMIT_BYTES:
        return [f"{command} --zip-file fileb://{name}"]
    key = shlex.quote(PurePath(path).name)
    place = f"--content S3Bucket=BUCKET,S3Key={key}" if is_layer else f"--s3-bucket BUCKET --s3-key {key}"
    return [f"aws s3 cp {name} s3://BUCKET/{key}", f"{command} {place}"]
