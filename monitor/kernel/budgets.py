"""What monitor reads, waits for and keeps at most, in one table.

An answer, a file or a download that never ends, or is larger than expected, ends with an error that names
it instead. Each limit is far above what real accounts and packages need; its line says what it stands for.
"""

_MB = 1 << 20

# Saved files.
CHECKPOINT_BYTES = 64 * _MB  # `tail --checkpoint`: positions of sources, and digests of 15 minutes of events
PROFILE_BYTES = 64 * _MB  # `coldstarts --save`
EVIDENCE_BYTES = 256 * _MB  # `diagnose --save`

# Deployment packages.
METADATA_BYTES = 64 * _MB  # texts of one package: METADATA, RECORD, entry points, requirements

# Templates. CloudFormation takes 500 resources in one; files that name each other would be read without an end.
NESTED_TEMPLATES = 200  # nested stacks of one template, or modules of one
LOOP_VALUES = 5_000  # values of all Fn::ForEach, for_each and count of one template
TERRAFORM_STEPS = 500_000  # expressions of one Terraform module that are evaluated
TEXT_CHARACTERS = _MB  # a text that intrinsic functions make

# Processes that building a package starts.
ASK_S = 30.0  # a question that is answered from this machine: a version, a path, a history
EXPORT_S = 120.0  # `uv export`
INSTALL_S = 900.0  # an installer, which downloads
FETCH_S = 600.0  # one command of git
FETCH_FILE_S = 60.0  # one requirements file at a URL
BUILD_S = 600.0  # the build of one source distribution
COMPILE_S = 600.0  # the bytecode of all modules
IMPORT_S = 120  # one module; whole seconds, for signal.alarm
IMPORTS_S = 600.0  # all modules of the dependencies
TESTS_S = 3600.0  # the command of `optimize --tests`
START_S = 60  # a start of the package; whole seconds, as a function's Timeout

# One answer of AWS. The largest are pages of FilterLogEvents and of Insights (10 MB), and Invoke's 6 MB.
ANSWER_BYTES = 64 * _MB
ANSWER_S = 600.0  # from its headers to its last byte
HEADERS_S = 30.0  # from the first byte of its headers to their last
SILENT_S = 30.0  # without one byte
LOCAL_SILENT_S = 120.0  # the same, of the embedded stack on a busy machine
SILENT_ATTEMPTS = 2  # so often a call that stays without an answer is sent
DOWNLOAD_S = 600.0  # one deployment package, which is 250 MB at most
INVOKE_S = 910.0  # a function may run for 15 minutes before Invoke answers
CONNECT_S = 5.0
WAITING_NOTE_S = 3.0  # after which a pending call is reported, while it continues
ENDING_S = 0.8  # from Ctrl-C, SIGTERM or SIGHUP until what still runs is ended from outside
REMOVING_S = 0.2  # the same, after that, for the removal of temporary folders, which then goes on by itself
RESTORING_S = 300.0  # the same, while `monitor measure` restores a function
