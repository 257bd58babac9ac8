"""The command to paste knows the limit of a direct upload."""

from monitor.console.text import Style
from monitor.packages.analyze_upload import placeholders, upload_commands
from monitor.packages.model import ZIPPED_LIMIT_BYTES, PackageReport
from monitor.packages.model_plan import BuiltPackage
from monitor.packages.render_build import render_built

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


def test_what_a_command_names_and_only_the_reader_knows_is_said() -> None:
    assert placeholders(upload_commands(f"{UPDATE} --publish", "FUNCTION.zip", 1)) == ""
    large = upload_commands("aws lambda update-function-code --function-name FUNCTION", "f.zip", ZIPPED_LIMIT_BYTES + 1)
    assert placeholders(large) == "BUCKET: an S3 bucket in its Region; FUNCTION: the name of your function"
    layers = "aws lambda update-function-configuration --function-name f --layers ARN-OF-LAYER-1"
    assert placeholders([layers]) == "ARN-OF-LAYER-1: the ARN that publishing the layer prints"


def test_every_word_that_stands_for_another_in_a_built_package_is_explained_above_its_commands() -> None:
    commands = ("aws lambda update-function-code --function-name FUNCTION --zip-file fileb://built.zip",)
    report = PackageReport("built.zip", "3.11", "x86_64", (), (), ())
    built = BuiltPackage("built.zip", "3.11", "x86_64", "", "", None, "sha", "none", (), (), (), commands, report)
    *_, above, command = render_built(built, Style(width=80)).splitlines()
    assert (above, command) == ("To upload it (FUNCTION: the name of your function):", commands[0])
