"""Results in S3, when a bucket is configured.

boto3 takes longer to import than the rest of this application. By default it is imported when
the first result is stored, so that a function without a bucket never pays for it; with
APP_EAGER_SDK it is imported at init, which Lambda runs with more CPU than the handler gets.
"""

import hashlib
from functools import cache
from typing import Any

from app.core.config import settings
from app.core.errors import StorageError


@cache
def _s3() -> Any:
    import boto3

    return boto3.client("s3")


def store(data: bytes, analysis_json: str) -> str:
    """Put one analysis under a key made from the image's own bytes; returns the key.

    Raises StorageError when S3 does not take it.
    """
    client = _s3()
    from botocore.exceptions import BotoCoreError, ClientError

    key = f"analyses/{hashlib.sha256(data).hexdigest()}.json"
    try:
        client.put_object(
            Bucket=settings.bucket,
            Key=key,
            Body=analysis_json.encode(),
            ContentType="application/json",
        )
    except (BotoCoreError, ClientError) as error:
        raise StorageError(f"the analysis could not be stored: {error}") from error
    return key


if settings.eager_sdk:
    _s3()
