"""What is said of dependencies that contradict each other."""

from packaging.requirements import Requirement

from monitor.packages.analyze_dependencies import Installed, Need, contradictions

DATEUTIL = Need(Requirement("python-dateutil<3"), "botocore 1.43.1", "botocore")


def test_a_requirement_of_the_runtimes_sdk_is_said_to_be_the_runtimes() -> None:
    found = [Installed("python-dateutil", "4.0.0"), Installed("botocore", "1.43.1")]
    (inside,) = contradictions(found, [DATEUTIL])
    assert inside == "botocore 1.43.1 requires python-dateutil<3, and the package has python-dateutil 4.0.0"
    # botocore is left out of the package: its version there is Lambda's, and the user sees no botocore.
    (outside,) = contradictions(found, [DATEUTIL], {"botocore"})
    assert outside.startswith("botocore, which the runtime has, requires python-dateutil<3, and the package has")
