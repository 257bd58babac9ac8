"""Results in S3, when a bucket is configured."""

import hashlib

import boto3
from app.core.config import settings

_s3 = boto3.resource("s3")


def store(data: bytes, analysis_json: str) -> str:
    """Put one analysis under a key made from the image's own bytes; returns the key."""
    key = f"analyses/{hashlib.sha256(data).hexdigest()}.json"
    _s3.Object(settings.bucket, key).put(Body=analysis_json.encode(), ContentType="application/json")
    return key
