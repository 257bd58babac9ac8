"""The embedded stack: an AWS endpoint on 127.0.0.1 that runs Python functions for real.

One process, one port. A small dispatcher (server/dispatcher.py) answers what no emulator has (Invoke, the X-Ray API,
code downloads with Range, FilterLogEvents with its filter patterns and paging) and hands everything else to ministack's
ASGI application (server/emulator.py). Invocations go to the executor (functions/executor.py), which keeps a pool of
execution environments (functions/environment.py). Each runs AWS's own awslambdaric in a fresh process
(process/process.py) against a Runtime API that this package serves (process/runtime_api.py). A helper forks the
processes and takes every sandbox with it when the stack dies (process/spawner.py). What the platform itself writes
(START, END, REPORT, metrics, segments) is made here and written through the same endpoint that users read.

Known differences from AWS: CPU is not scaled with memory; a sandbox is not frozen between invocations; at most
ten invocations run at once, so functions that wait for each other deeper than that time out; an asynchronous
invocation is not retried; events that other emulated services send to a function (queues, schedules, function
URLs) are run by the emulator's own worker, not here; traces are not kept apart by region; an alias runs its
main version only; no SnapStart, provisioned concurrency or extensions. A state folder is written when the stack
stops: one that is killed loses what came after its start.
"""
