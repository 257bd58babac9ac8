"""The command to paste knows the limit of a direct upload."""

from monitor.packages.analyze_upload import upload_commands
from monitor.packages.model import ZIPPED_LIMIT_BYTES

UPDATE = "aws lambda update-function-code --function-name f"


def test_a_small_zip_is_uploaded_directly() -> None:
    assert upload_commands(UPDATE, "a b.zip", ZIPPED_LIMIT_BYTES) == [f"{UPDATE} --zip-file fileb://'a b.zip'"]


def test_a_large_one_goes_through_s3() -> None:
    assert upload_commands(UPDATE, "out/f.zip", ZIPPED_LIMIT_BYTES + 1) == [
        "aws s3 cp out/f.zip s3://BUCKET/f.zip",
        f"{UPDATE} --s3-bucket BUCKET --s3-key f.zip",
    ]
    publish = "aws lambda publish-layer-version --layer-name l"
    assert upload_commands(publish, "l.zip", ZIPPED_LIMIT_BYTES + 1, is_layer=True) == [
        "aws s3 cp l.zip s3://BUCKET/l.zip",
        f"{publish} --content S3Bucket=BUCKET,S3Key=l.zip",
    ]
