"""Start a handler under Lambda's runtime client, and look at the process after its last event.

`python -S probe.py TASK`: TASK is a JSON file with `runtime` (the runtime folder), `root` (the package), `events` (how
many), `out`, and optionally `deferred` (modules to load one by one) with `known` (what their names should mean), or
`observe` (names of modules whose uses are recorded). This folder holds describe.py, observe.py, watch.py and world.py.
Runs on the function's Python; imports nothing of monitor.
"""

import os
import sys
import time


class Recorder:
    """Notes which module's import loads which other one, and the CPU time of each without those that it loads."""

    def __init__(self) -> None:
        self.parents: dict[str, str] = {}
        self.stack: list[str] = []
        self.completed: list[str] = []
        self.took_ns: dict[str, int] = {}

    def install(self) -> None:
        bootstrap = sys.modules["_frozen_importlib"]
        load = bootstrap._load_unlocked
        stack, parents, completed, took = self.stack, self.parents, self.completed, self.took_ns
        now, total = time.thread_time_ns, [0]

        def _load_unlocked(spec: object) -> object:
            name = spec.name  # type: ignore[attr-defined]
            parents.setdefault(name, stack[-1] if stack else "")
            stack.append(name)
            started, others = now(), total[0]
            try:
                return load(spec)
            finally:
                own = now() - started - (total[0] - others)
                took[name] = took.get(name, 0) + own
                total[0] += own
                completed.append(stack.pop())

        bootstrap._load_unlocked = _load_unlocked  # type: ignore[attr-defined]
        self.original = load

    def remove(self) -> None:
        sys.modules["_frozen_importlib"]._load_unlocked = self.original  # type: ignore[attr-defined]


def main() -> None:
    """Run the handler, then look."""
    import json

    with open(sys.argv[1], encoding="utf-8") as file:
        task = json.load(file)
    runtime = task["runtime"]
    sys.path[0] = runtime
    from awslambdaric import __main__, bootstrap

    with open(os.path.join(runtime, "sandbox_main.py"), encoding="utf-8") as file:
        entry: dict[str, object] = {"__name__": "sandbox_main"}
        exec(compile(file.read(), "sandbox_main.py", "exec"), entry)
    paths = entry["lambda_path"](sys.path)  # type: ignore[operator]
    recorder = Recorder()
    if task.get("observe"):
        sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
        import observe

        del sys.path[0]
        observe.install(recorder.stack, task["observe"])
    before = set(sys.modules)  # what Lambda's runtime has loaded by then
    original = bootstrap.handle_event_request
    left = [task["events"]]
    at_init: list[str] = []

    def handle_event_request(*arguments: object, **named: object) -> None:
        if not at_init:
            at_init.extend(name for name in sys.modules if name not in before)
            if task.get("force") and (problems := force()):
                raise ImportError(next(iter(problems.values())))
        try:
            original(*arguments, **named)
        finally:
            left[0] -= 1
            if not left[0]:
                found = {"init": at_init, **_look(task, recorder, before)}
                with open(task["out"], "w", encoding="utf-8") as out:
                    json.dump(found, out)

    bootstrap.handle_event_request = handle_event_request
    sys.path[:] = paths
    os.environ.pop("MONITOR_LAYERS_ROOT", None)
    sys.argv[:] = ["awslambdaric", os.environ["_HANDLER"]]
    if not task.get("force"):  # a frame of ours between the importer's would be seen by warnings
        recorder.install()
    __main__.main(sys.argv)


def force() -> "dict[tuple[str, str], str]":
    """Load every name that was to load later; returns those that cannot, as (module, name): why."""
    known = 0
    problems: dict[tuple[str, str], str] = {}
    while known != len(sys.modules):
        known = len(sys.modules)
        for module_name, module in list(sys.modules.items()):
            state = getattr(module, "__dict__", {}).get("__lazy_state__")
            for name in getattr(state, "loaders", ()):
                try:
                    getattr(module, name, None)
                except Exception as error:
                    problems[module_name, name] = f"cannot be loaded later: {type(error).__name__}: {error}"[:300]
    return problems


def _look(task: "dict[str, object]", recorder: Recorder, before: "set[str]") -> "dict[str, object]":
    if not task.get("force"):
        recorder.remove()
    import types

    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    import describe

    describe.root = str(task["root"])
    root = os.path.join(describe.root, "")
    modules = {
        name: {
            "file": getattr(module, "__file__", None) or "",
            "package": hasattr(module, "__path__"),
            "parent": recorder.parents.get(name, ""),
            "attribute": _attribute_kind(name, module),
        }
        for name, module in list(sys.modules.items())
        if name not in before and getattr(getattr(module, "__spec__", None), "name", "") == name
    }
    times = {name: took / 1e6 for name, took in recorder.took_ns.items()}
    found: dict[str, object] = {"modules": modules, "completed": list(recorder.completed), "times": times}
    if task.get("observe"):
        import observe

        found["observed"] = {"loads": sorted(observe.loads), "uses": sorted(observe.uses)}
    elif task.get("deferred"):
        import watch

        found["watched"] = watch.watch(task, root, force)
    elif task.get("describe"):
        found["names"] = {
            name: describe.names_of(sys.modules[name])
            for name in modules
            if isinstance(sys.modules[name], types.ModuleType)
        }
    return found


def _attribute_kind(name: str, module: object) -> str:
    """What the package of a module has under the name of the module: "module", "other", or "none"."""
    above, _, leaf = name.rpartition(".")
    package = sys.modules.get(above)
    if not above or package is None:
        return "module"
    value = vars(package).get(leaf)
    return "module" if value is module else "none" if value is None else "other"


if __name__ == "__main__":
    main()
