"""The embedded stack: an AWS endpoint on 127.0.0.1 that runs Python functions for real.

One process, one port. A small dispatcher (server/dispatcher.py) answers what the emulator does not support (Invoke,
the X-Ray API, code downloads with Range, FilterLogEvents with filter patterns and paging) and passes other requests to
ministack's ASGI application (server/emulator.py). Invocations go to the executor (functions/executor.py), which keeps
a pool of execution environments (functions/environment.py). Each environment runs AWS's own awslambdaric in a separate
process (process/process.py) against a Runtime API that this package serves (process/runtime_api.py). A helper process
forks the sandboxes and kills them when the stack dies (process/spawner.py). The platform's own output (START, END,
REPORT, metrics, segments) is produced here and written through the same endpoint that users read.

Known differences from AWS: CPU is not scaled with memory; a sandbox is not frozen between invocations; at most ten
invocations run at once, so a chain of more than ten functions that wait for each other times out; asynchronous
invocations are not retried; queues, schedules and function URLs do not invoke functions; traces are not separated by
region; an alias runs its main version only; there is no SnapStart, provisioned concurrency or extensions. The state
folder is written when the stack stops: a stack that is killed loses everything since its start.
"""
