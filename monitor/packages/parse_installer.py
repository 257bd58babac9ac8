"""The reason in the output of uv or pip, and a hint that fits it."""

import re
from textwrap import dedent

_CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+@")
_LONGEST = 500
_UV_CAUSE = re.compile(
    r"(?:cause:|×|╰─▶|├─▶|error:)\s*(.*?)(?=\n\s*\n|\n\s*(?:hint:|cause:|error:|╰─▶|├─▶)|\Z)", re.DOTALL
)
_NO_WHEEL = re.compile(r"Wheels are required for `([^`]+)` because building")
_NO_VERSION = re.compile(
    r"ERROR: Could not find a version that satisfies the requirement ([^\n(]+?)\s*\([^\n]*from versions: none\)"
)
# The requirement may be followed by what requires it, in brackets of its own.
_NO_FITTING = re.compile(
    r"ERROR: Could not find a version that satisfies the requirement ([^\n(]+?)\s*\([^\n]*from versions: (?!none)"
)
# An index that pip could not read is only a warning, and then pip finds no version. 404: it lacks the distribution.
_UNREAD = re.compile(
    r"WARNING: (401 Error, Credentials not correct for \S+)"
    r"|WARNING: Retrying \(Retry\(total=0,[^\n]*? after connection broken by '([^\n]*)': /"
    r"|Could not fetch URL \S+: (?!404 )([^\n]+) - skipping"
)
_UV_UNREAD = re.compile(r"hint: (An index (?:URL )?\([^\n]*?\) (?:could not be queried|returned) [^\n.]*)")
# Code of a distribution failed, and not the installation of what its build needs.
_BUILD_FAILED = (
    r"(?:metadata|requirements to build|Building wheel|setup\.py)[^\n]*did not run successfully"
    r"|Failed building wheel|build backend returned an error"
)
# A line of a compiler or of a build, and what the installers say of any failure.
_BUILD_ERROR = re.compile(r"\b[Ee]rror: ")
_PYTHON_ERROR = re.compile(r"[\w.]*(?:Error|Exception)\b")
# What a build wrote, as uv and pip quote it.
_BUILD_OUTPUT = re.compile(r"\[(?:stderr|\d+ lines of output)\]\n(.*?)(?=\n\s*\[end of output\]|\nhint:|\Z)", re.DOTALL)
_BUILD_PROGRESS = re.compile(
    r"(?i).*warning: |(?:running|creating|copying|writing|adding|reading|building|compiling|byte-compiling) |\W*$"
)
# What an ERROR line of pip announces stands in the indented lines below: `six==1.17.0 --hash=…`, `idna==3.10 from …`.
_BELOW = re.compile(r"(?:[ \t]+\S[^\n]*\n?)+")
_DETAIL = re.compile(r"Expected |Got |Or ")
_RAISED = re.compile(r"^[A-Za-z_][\w.]*: [^\n]+$", re.MULTILINE)
_ANY_FAILURE = ("error: subprocess-exited", "error: metadata-", "error: failed-", "error: Failed to build")
# pip begins with the releases that it passed over; they are not the reason.
_NO_REASON = ("No matching distribution", "ResolutionImpossible", "Ignored the following")
_HINTS = (
    (r"(?i)hash mismatch|do not match the hashes|hashes[^\n]*do not match|in `?--require-hashes`? mode"
     r"|Hash-checking is required",
     "the requirements and the files on the index differ: make the hashes again, and give one for every requirement"),
    (_BUILD_FAILED,
     "use a version with a wheel for Lambda's Linux, or build the wheel in a container and name its path"),
    (r"(?i)\b40[13] (?:client |error|unauthorized|forbidden)|lack of valid authentication|credentials not correct"
     r"|authentication (?:failed|required)|could not read (?:username|password)",
     "check the credentials of the index in pip.conf, uv.toml, .netrc, PIP_* or UV_*"),
    (r"(?i)could not resolve host|dns error|failed to lookup|connection (?:refused|reset|error)|newconnectionerror"
     r"|error sending request|failed to fetch|timed out|too many 5\d\d error|\b5\d\d server error"
     r"|network is unreachable",
     "check the network, and that the index can be reached"),
    (r"conflicting dependencies|are incompatible|Because you require \S+ and \S+"
     r"|(?s:depends on .*(?:and|And)\s.*(?:you\s+require|depends\s+on))",
     "change one of the two requirements"),
    (r"no usable wheels|no wheels|Wheels are required|matching platform tag|not a supported wheel",
     "use a version with a wheel for Lambda's Linux, or build the wheel in a container and name its path"),
    (r"no version of|only the following versions of|from versions: (?!none)", "choose a version that the index has"),
    (r"Failed to read from zip|Wheel '[^\n]*' located at [^\n]* is invalid",
     "the file is damaged, or not a wheel: build or download it again"),
    (r"was not found in the|versions: none|no versions of|No matching distribution found for \S+$",
     "check the name, whether it has files for Linux, and the credentials of a private index; one is set in pip.conf, "
     "PIP_EXTRA_INDEX_URL or [[tool.uv.index]]"),
)  # fmt: skip


def without_credentials(text: str) -> str:
    """The text with the user names and passwords in URLs removed."""
    return _CREDENTIALS.sub("", text)


def reason_in(output: str) -> str:
    """The reason of the installer, in one line."""
    for read in (_conflict, _build_reason, _uv_reason, _pip_reason, unread_index):
        if found := read(output):
            return _short(found)
    lines = [line for line in output.splitlines() if line.strip()]
    return _short(" ".join(lines[-2:])) or "it gave no reason"


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST else f"{flat[: _LONGEST - 1]}…"


def _conflict(output: str) -> str:
    """pip's explanation of a conflict, which is longer than its ERROR line."""
    _, found, rest = output.partition("The conflict is caused by:")
    lines = []
    for line in rest.splitlines()[1:]:
        if not line.strip():
            break
        lines.append(line.strip())
    return "; ".join(lines) if found else ""


def _build_reason(output: str) -> str:
    """The error of a compiler or of a build's code: the first, or the last one of a traceback."""
    if not re.search(_BUILD_FAILED, output):
        return ""
    lines = [line.strip(" │\t") for line in output.splitlines()]
    told = [line for line in lines if _BUILD_ERROR.search(line) and not line.startswith(_ANY_FAILURE)]
    raised = [line for line in lines if _PYTHON_ERROR.match(line)]
    found = [*told[:1], *raised[-1:], *_first_words(output)]
    named = re.search(r"Failed to build `([^`]+)`", output)
    subject = f"the build of {named[1]}" if named else "its build"
    return f"{subject} failed: {found[0]}" if found else ""


def _first_words(output: str) -> list[str]:
    """The first line of a build that is neither progress, nor a warning or part of one."""
    block = _BUILD_OUTPUT.search(output)
    lines = dedent(block[1]).splitlines() if block else []
    return [line for line in lines if not line.startswith((" ", "\t")) and not _BUILD_PROGRESS.match(line)][:1]


def unread_index(output: str) -> str:
    """Why pip could not read an index, so that what it says of versions is not known; empty if it read all."""
    found = _UNREAD.search(output)
    return f"pip could not read the index: {next(filter(None, found.groups()))}" if found else ""


def _uv_reason(output: str) -> str:
    found = [match.strip() for match in _UV_CAUSE.findall(output) if match.strip()]
    told = [one for one in found if not one.startswith("No solution found")] or found
    if not told or not ("error:" in output or "×" in output) or "ERROR:" in output:
        return ""
    text = " ".join(" ".join(told).split())
    text = re.sub(r",? ?we can conclude that your requirements are unsatisfiable\.?", "", text)
    unread = _UV_UNREAD.search(output)
    return "; ".join([text.removeprefix("Because ").strip(" .,:"), *([unread[1]] if unread else [])])


def _pip_reason(output: str) -> str:
    lines = [
        _with_names(match[1].strip(), output[match.end() + 1 :])
        for match in re.finditer(r"^ERROR:(.*)$", output, re.MULTILINE)
    ]
    lines = [line for line in lines if not line.startswith(_NO_REASON)]
    if lines[:1] == ["Exception:"]:
        # A fault in pip: the lines of the traceback that are not indented name its exceptions, the last one at the end.
        raised = _RAISED.findall(output[output.index("ERROR: Exception:") :])
        return f"pip itself failed: {raised[-1]}" if raised else ""
    if lines and (unread := unread_index(output)) and "from versions: none" in lines[0]:
        return f"{lines[0]}; {unread}"
    return re.sub(r"\(from versions: (?!none)([^)]*)\)", _last_versions, lines[0]) if lines else ""


def _with_names(line: str, below: str) -> str:
    """An ERROR line, with the requirements that the lines below it name."""
    found = _BELOW.match(below)
    named = [one.strip() for one in found[0].splitlines()] if found and "==" in found[0] else []
    names = [re.split(r" from | --hash", one)[0] for one in named if not _DETAIL.match(one)]
    return f"{line.partition('. ')[0].rstrip(':')}: {', '.join(names)}" if names else line


def _last_versions(match: re.Match[str]) -> str:
    versions = match[1].split(", ")
    return f"(the last versions for this target: {', '.join(versions[-3:])})"


def hint_for(output: str) -> str:
    """What to do about it."""
    for pattern, hint in _HINTS:
        if re.search(pattern, output):
            return hint
    return "put --debug after `monitor` to see the whole output of the installer"


def without_wheels(output: str) -> list[str]:
    """The distributions that have no wheel for the target, as uv or pip names them (pip: with the version)."""
    return list(dict.fromkeys([*_NO_WHEEL.findall(output), *_NO_VERSION.findall(output)]))


def without_fitting_wheels(output: str) -> list[str]:
    """The requirements that no wheel on the index satisfies, as pip names them: a source distribution may."""
    return list(dict.fromkeys(_NO_FITTING.findall(output)))
