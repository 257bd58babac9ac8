"""What uv and pip said of a failure, in one line, and a hint that fits it."""

import pytest

from monitor.packages.parse_installer import (
    hint_for,
    reason_in,
    unread_index,
    without_credentials,
    without_fitting_wheels,
    without_wheels,
)

PIP_NO_VERSION = """\
ERROR: Could not find a version that satisfies the requirement tensorflow==1.0 (from versions: 2.18.0, 2.19.1, 2.20.0)
ERROR: No matching distribution found for tensorflow==1.0
"""
PIP_YANKED = """\
ERROR: Ignored the following yanked versions: 1.1.0, 1.2.0
ERROR: Ignored the following versions that require a different python version: 0.9 Requires-Python <3.8
"""
PIP_NOTHING = """\
ERROR: Could not find a version that satisfies the requirement docopt==0.6.2 (from versions: none)
ERROR: No matching distribution found for docopt==0.6.2
"""
PIP_CONFLICT = """\
ERROR: Cannot install left and right because these package versions have conflicting dependencies.

The conflict is caused by:
    left 1.0 depends on shared<2
    right 1.0 depends on shared>=2

To fix this you could try to:
ERROR: ResolutionImpossible: for help visit https://pip.pypa.io/
"""
PIP_HASH = """\
ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the package versions, \
please update the hashes. Otherwise, examine the package contents carefully; someone may have tampered with them.
    dep==1.0 from file:///x (from -r requirements.txt (line 1)):
        Expected sha256 00
             Got        11
"""
PIP_NO_HASH = """\
ERROR: Hashes are required in --require-hashes mode, but they are missing from some requirements. Here is a list of \
those requirements along with the hashes their downloaded archives actually had. Add lines like these to your \
requirements files to prevent tampering.
    six==1.17.0 --hash=sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274
"""
PIP_UNPINNED = """\
ERROR: In --require-hashes mode, all requirements must have their versions pinned with ==. These do not:
    urllib3<3,>=1.21 from https://files.test/urllib3-2.0.whl#sha256=00 (from requests==2.0) (line 1)
"""
PIP_DAMAGED = "ERROR: Wheel 'bad' located at /x/bad-1.0-py3-none-any.whl is invalid.\n"
UV_DAMAGED = """\
error: Failed to read `bad @ file:///x/bad-1.0-py3-none-any.whl`
  cause: Failed to read metadata: bad-1.0-py3-none-any.whl
  cause: Failed to read from zip file
  cause: unable to locate the end of central directory record
"""
UV_NO_HASH = "error: Hash-checking is required, but no trusted hash was provided for: `urllib3`\n"
UV_TWO_VERSIONS = """\
error: No solution found when resolving dependencies
  cause: Because you require idna==3.10 and idna==3.9, we can conclude that your requirements are unsatisfiable.
"""
UV_NO_VERSION = """\
error: No solution found when resolving dependencies
  cause: Because only the following versions of idna are available:
             idna<=0.9
             idna>=1.0
         and you require idna>0.9,<1.0, we can conclude that your requirements are unsatisfiable.
"""
UV_UNKNOWN = """\
error: No solution found when resolving dependencies
  cause: Because acme was not found in the package registry and you require acme==1.0, we can conclude that your
         requirements are unsatisfiable.
"""
UV_NO_WHEEL = """\
  × No solution found when resolving dependencies:
  ╰─▶ Because docopt==0.6.2 has no usable wheels and you require docopt==0.6.2, we can conclude that your requirements
      are unsatisfiable.

      hint: Wheels are required for `docopt` because building from source is disabled for all packages
"""
UV_HASH = """\
error: Failed to download `dep==1.0`
  cause: Hash mismatch for `dep==1.0`
"""
PIP_FAULT = """\
ERROR: Exception:
Traceback (most recent call last):
  File "requirements.py", line 102, in __init__
    req = REQUIREMENT.parseString(requirement_string)
pyparsing.ParseException: Expected string_end

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "pip/_internal/cli/base_command.py", line 180, in exc_logging_wrapper
    status = run_func(*args)
pip._vendor.packaging.requirements.InvalidRequirement: Invalid URL given

[notice] A new release of pip is available: 23.2.1 -> 26.0
"""
PIP_401 = "WARNING: 401 Error, Credentials not correct for http://pypi.test/simple/docopt/\n"
NETWORK = "error: Failed to fetch: `https://me:secret@pypi.test/simple/x/`\n  cause: error sending request for url\n"


@pytest.mark.parametrize(
    ("output", "reason", "hint"),
    [
        (PIP_NO_VERSION, "the last versions for this target: 2.18.0, 2.19.1, 2.20.0", "choose a version"),
        (PIP_YANKED + PIP_NO_VERSION, "Could not find a version", "choose a version"),
        (PIP_NOTHING, "docopt==0.6.2 (from versions: none)", "check the name"),
        (PIP_CONFLICT, "left 1.0 depends on shared<2; right 1.0 depends on shared>=2", "change one of the two"),
        (PIP_HASH, "DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE: dep==1.0", "make the hashes again"),
        (PIP_NO_HASH, "missing from some requirements: six==1.17.0", "make the hashes again"),
        (PIP_UNPINNED, "have their versions pinned with ==: urllib3<3,>=1.21", "make the hashes again"),
        (UV_NO_HASH, "no trusted hash was provided for: `urllib3`", "make the hashes again"),
        (UV_TWO_VERSIONS, "you require idna==3.10 and idna==3.9", "change one of the two"),
        (UV_NO_VERSION, "only the following versions of idna are available", "choose a version"),
        (PIP_DAMAGED, "Wheel 'bad' located at /x/bad-1.0-py3-none-any.whl is invalid", "the file is damaged"),
        (UV_DAMAGED, "Failed to read metadata: bad-1.0-py3-none-any.whl", "the file is damaged"),
        (PIP_FAULT, "pip itself failed: pip._vendor.packaging.requirements.InvalidRequirement: Invalid URL", "--debug"),
        (UV_UNKNOWN, "acme was not found in the package registry and you require acme==1.0", "check the name"),
        (UV_NO_WHEEL, "docopt==0.6.2 has no usable wheels", "use a version with a wheel"),
        (UV_HASH, "Hash mismatch for `dep==1.0`", "make the hashes again"),
        (NETWORK, "error sending request", "check the network"),
        (PIP_401 + PIP_NOTHING, "docopt==0.6.2", "check the credentials"),
        (UV_UNKNOWN.replace("acme", "oauth-authenticator-401"), "oauth-authenticator-401==1.0", "check the name"),
        ("something else\nthe last line\n", "something else the last line", "--debug"),
        ("", "it gave no reason", "--debug"),
    ],
)
def test_the_cause_is_one_line_with_a_hint(output: str, reason: str, hint: str) -> None:
    found = reason_in(output)
    assert reason in found
    assert "\n" not in found
    assert len(found) <= 500
    assert "unsatisfiable" not in found
    assert hint in hint_for(output)


def test_distributions_without_a_wheel_are_named() -> None:
    assert without_wheels(UV_NO_WHEEL) == ["docopt"]
    assert without_wheels(PIP_NOTHING) == ["docopt==0.6.2"]
    assert without_wheels(PIP_NO_VERSION + PIP_CONFLICT) == []
    assert without_wheels(PIP_NOTHING.replace("0.6.2 (", "0.6.2 (from num2words) (")) == ["docopt==0.6.2"]


def test_requirements_that_no_wheel_satisfies_are_named() -> None:
    assert without_fitting_wheels(PIP_NO_VERSION) == ["tensorflow==1.0"]
    assert without_fitting_wheels(PIP_NO_VERSION.replace("1.0 (", "1.0 (from keras) (", 1)) == ["tensorflow==1.0"]
    assert without_fitting_wheels(PIP_NOTHING + PIP_CONFLICT) == []


def test_credentials_of_an_index_are_never_shown() -> None:
    assert without_credentials(NETWORK).count("secret") == 0


PIP_REFUSED = (
    "WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None)) after connection broken by "
    "'NewConnectionError(\"Failed to establish a new connection: [Errno 111] Connection refused\")': /simple/docopt/\n"
)
PIP_BUILD = """\
WARNING: Retrying (Retry(total=4, connect=None, read=None)) after connection broken by 'timed out': /simple/native/
  error: subprocess-exited-with-error
  × Building wheel for native (pyproject.toml) did not run successfully.
  │ exit code: 1
  ╰─> [4 lines of output]
      running build_ext
      native.c:1:10: fatal error: mysql.h: No such file or directory
      error: command '/usr/bin/gcc' failed with exit code 1
      subprocess.CalledProcessError: Command gcc
  ERROR: Failed building wheel for native
"""
PIP_TRACEBACK = """\
  error: subprocess-exited-with-error
  × Getting requirements to build wheel did not run successfully.
      Traceback (most recent call last):
      urllib.error.URLError: <urlopen error timed out>
      RuntimeError: no rust here
"""
UV_BUILD = """\
error: Failed to build `native==1.0`
  cause: The build backend returned an error
  cause: Call to `backend.build_wheel` failed (exit status: 1)

         [stderr]
         x.c:1:1: error: expected declaration specifiers
         Connection timed out
"""
# What stopped these builds is in no line that says "error".
PIP_BUILD_WORDS = """\
  error: subprocess-exited-with-error
  × Building wheel for cairo (pyproject.toml) did not run successfully.
  │ exit code: 1
  ╰─> [5 lines of output]
      running build_ext
      warning: build_py: byte-compiling is disabled, skipping.

      Package cairo was not found in the search path.
      Command '['pkg-config']' returned non-zero exit status 1.
      [end of output]
  ERROR: Failed building wheel for cairo
"""
UV_BUILD_WORDS = """\
error: Failed to build `cairo==1.0`
  cause: The build backend returned an error
  cause: Call to `backend.build_wheel` failed (exit status: 1)

         [stdout]
         running build_ext

         [stderr]
         /x/dist.py:765: SetuptoolsDeprecationWarning: License classifiers are deprecated.
         !!

                 Please consider removing the following classifiers

         !!
           self._finalize_license_expression()
         Package cairo was not found in the search path.

hint: Build failures usually indicate a problem with the package or the build environment
"""
PIP_BUILD_NEEDS = """\
  error: subprocess-exited-with-error
  × pip subprocess to install build dependencies did not run successfully.
      ERROR: Could not find a version that satisfies the requirement setuptools (from versions: none)
"""


@pytest.mark.parametrize(
    ("output", "reason", "hint"),
    [
        (PIP_401 + PIP_NOTHING, "401 Error, Credentials not correct for http://pypi.test/", "check the credentials"),
        (PIP_REFUSED + PIP_NOTHING, "Connection refused", "check the network"),
        (PIP_BUILD, "its build failed: native.c:1:10: fatal error: mysql.h: No such file", "build the wheel in"),
        (PIP_TRACEBACK, "its build failed: RuntimeError: no rust here", "build the wheel in"),
        (
            UV_BUILD,
            "the build of native==1.0 failed: x.c:1:1: error: expected declaration specifiers",
            "build the wheel in",
        ),
        (PIP_BUILD_WORDS, "its build failed: Package cairo was not found in the", "build the wheel in"),
        (UV_BUILD_WORDS, "the build of cairo==1.0 failed: Package cairo was not found in the", "build the wheel in"),
        (PIP_REFUSED + PIP_BUILD_NEEDS, "Connection refused", "check the network"),
    ],
)
def test_the_cause_of_a_failed_build_or_of_an_unread_index_is_told(output: str, reason: str, hint: str) -> None:
    assert reason in reason_in(output)
    assert hint in hint_for(output)


def test_an_index_that_was_read_after_a_retry_was_read() -> None:
    assert unread_index(PIP_BUILD + PIP_NOTHING) == ""
    assert unread_index(PIP_REFUSED)
