"""Packages that go wrong when imports of theirs run later: made by chance from a seed, one kind of trap each.

The handler answers `{"ask": "common"}` and `{"ask": "rare"}`. An optimization sees only the common event; the rare one
looks at what the trap would change. `{p}` is the name of the package, `{m}` that of the module with the trap.
"""

import random
from pathlib import Path

_FILLER = '"""Filler."""\nimport string\n\nLETTERS = string.ascii_letters\n\n\ndef used():\n    return len(LETTERS)\n'

# By name: the files of the package, and the rare branch of the handler. The files `app` adds to the handler's module.
TRAPS: dict[str, tuple[dict[str, str], str]] = {
    "registration by a call": (
        {
            "{p}/registry.py": "KNOWN = {{}}\n\n\ndef register(name, value):\n    KNOWN[name] = value\n",
            "{p}/{m}.py": "from {p}.registry import register\n\nregister('{m}', 1)\n",
            "app": "from {p} import registry\nimport {p}.{m}\n",
        },
        "sorted(registry.KNOWN)",
    ),
    "registration by a decorator": (
        {
            "{p}/registry.py": "KNOWN = []\n\n\ndef plugin(function):\n    KNOWN.append(function)\n    return function\n",
            "{p}/{m}.py": "from {p} import registry\n\n\n@registry.plugin\ndef run():\n    return '{m}'\n",
            "app": "from {p} import registry\nfrom {p} import {m}\n",
        },
        "[one() for one in registry.KNOWN]",
    ),
    "registration by a closure": (
        {
            "{p}/registry.py": "def make():\n    known = []\n    return known.append, lambda: list(known)\n\n\nadd, get = make()\n",
            "{p}/{m}.py": "from {p}.registry import add\n\nadd('{m}')\n",
            "app": "from {p}.registry import get\nfrom {p} import {m}\n",
        },
        "get()",
    ),
    "registration in an object": (
        {
            "{p}/registry.py": "class App:\n    def __init__(self):\n        self.count = 0\n\n\napp = App()\n",
            "{p}/{m}.py": "from {p}.registry import app\n\napp.count += 1\n",
            "app": "from {p} import registry\nimport {p}.{m}\n",
        },
        "registry.app.count",
    ),
    "registration by a base class": (
        {
            "{p}/base.py": "class Base:\n    known = []\n\n    def __init_subclass__(cls):\n        Base.known.append(cls.__name__)\n",
            "{p}/{m}.py": "from {p}.base import Base\n\n\nclass Plugin(Base):\n    pass\n",
            "app": "from {p}.base import Base\nfrom {p} import {m}\n",
        },
        "Base.known",
    ),
    "subclasses of a class": (
        {
            "{p}/base.py": "class Base:\n    pass\n\n\ndef names():\n    return sorted(one.__name__ for one in Base.__subclasses__())\n",
            "{p}/{m}.py": "from {p}.base import Base\n\n\nclass Plugin(Base):\n    pass\n",
            "app": "from {p} import base\nimport {p}.{m}\n",
        },
        "base.names()",
    ),
    "a metaclass": (
        {
            "{p}/{m}.py": "class Meta(type):\n    made = []\n\n    def __init__(cls, *rest):\n        super().__init__(*rest)\n        Meta.made.append(cls.__name__)\n",
            "{p}/models.py": "from {p}.{m} import Meta\n\n\nclass Model(metaclass=Meta):\n    pass\n",
            "app": "from {p}.{m} import Meta\nfrom {p} import models\n",
        },
        "Meta.made",
    ),
    "a monkeypatch": (
        {
            "{p}/core.py": "def greet():\n    return 'plain'\n",
            "{p}/{m}.py": "from {p} import core\n\n\ndef greet():\n    return 'patched'\n\n\ncore.greet = greet\n",
            "app": "from {p} import core\nimport {p}.{m}\n",
        },
        "core.greet()",
    ),
    "a patch of the standard library": (
        {
            "{p}/{m}.py": "import json\n\njson.JSONEncoder.extra = 'patched'\n",
            "app": "import json\nfrom {p} import {m}\n",
        },
        "getattr(json.JSONEncoder, 'extra', None)",
    ),
    "the order of imports": (
        {
            "{p}/log.py": "ORDER = []\n",
            "{p}/{m}.py": "from {p}.log import ORDER\n\nORDER.append('first')\nPLACE = len(ORDER)\n",
            "{p}/second.py": "from {p}.log import ORDER\n\nORDER.append('second')\nPLACE = len(ORDER)\n",
            "app": "from {p} import log\nfrom {p} import {m}\nfrom {p} import second\n",
        },
        "[log.ORDER, {m}.PLACE, second.PLACE]",
    ),
    "a circle that needs its order": (
        {
            "{p}/{m}.py": "NAME = 'first'\nfrom {p} import second\n\n\ndef both():\n    return [NAME, second.NAME]\n",
            "{p}/second.py": "from {p}.{m} import NAME as FIRST\n\nNAME = FIRST + ' second'\n",
            "app": "from {p} import {m}\nfrom {p} import second\n",
        },
        "[second.NAME, {m}.both()]",
    ),
    "names that are deleted": (
        {
            "{p}/__init__.py": "from {p} import {m}\n\nVALUE = {m}.VALUE\ndel {m}\n",
            "{p}/{m}.py": "VALUE = 3\n",
            "app": "import {p}\nimport {p}.{m} as other\n",
        },
        "[hasattr({p}, '{m}'), {p}.VALUE]",
    ),
    "all by dir": (
        {
            "{p}/{m}.py": "import string\nimport textwrap\n\n__all__ = [name for name in dir() if not name.startswith('_')]\n",
            "{p}/user.py": "from {p}.{m} import *\n\n\ndef names():\n    return sorted(name for name in globals() if not name.startswith('_'))\n",
            "app": "from {p} import user\nfrom {p} import {m}\n",
        },
        "[user.names(), sorted({m}.__all__)]",
    ),
    "a star import": (
        {
            "{p}/part.py": "def helper():\n    return 'helped'\n",
            "{p}/{m}.py": "from {p}.part import helper\nimport textwrap\n",
            "{p}/user.py": "from {p}.{m} import *\n\n\ndef run():\n    return helper(), textwrap.dedent(' x')\n",
            "app": "from {p} import user\nfrom {p} import {m}\n",
        },
        "user.run()",
    ),
    "pickles": (
        {
            "{p}/{m}.py": "class Item:\n    def __init__(self, value):\n        self.value = value\n",
            "app": "import pickle\nfrom {p}.{m} import Item\nfrom {p} import {m} as items\n",
        },
        "[pickle.loads(b'\\x80\\x04c{p}.{m}\\nItem\\n)\\x81}}\\x8c\\x05valueK\\x07sb.').value, "
        "pickle.loads(pickle.dumps(items.Item(2))).value, type(items.Item(1)) is Item]",
    ),
    "inspect": (
        {
            "{p}/{m}.py": "import string\n\n\ndef shout():\n    return string.ascii_uppercase\n",
            "app": "import inspect\nfrom {p} import {m}\n",
        },
        "[inspect.getsource({m}.shout), [name for name, _ in inspect.getmembers({m}) if name[0] != '_'], "
        "inspect.getsource(handler).count('lazy')]",
    ),
    "a module that replaces itself": (
        {
            "{p}/{m}.py": "import sys\nimport types\n\n\nclass Module(types.ModuleType):\n    @property\n    def answer(self):\n        return 42\n\n\nsys.modules[__name__] = Module(__name__)\n",
            "app": "from {p} import {m}\nimport string\n",
        },
        "[{m}.answer, type({m}).__name__]",
    ),
    "a look into sys.modules": (
        {
            "{p}/{m}.py": "VALUE = 1\n",
            "{p}/finder.py": "import sys\n\n\ndef loaded():\n    return sorted(name for name in sys.modules if name.startswith('{p}.'))\n",
            "app": "import sys\nfrom {p} import finder\nimport {p}.{m}\n",
        },
        "[finder.loaded(), '{p}.{m}' in sys.modules]",
    ),
    "modules that look for each other": (
        {
            "{p}/{m}.py": "FEATURE = True\n",
            "{p}/finder.py": "import sys\n\n\ndef has():\n    return sys.modules.get('{p}.' + '{m}') is not None\n",
            "app": "from {p} import finder\nimport {p}.{m}\n",
        },
        "finder.has()",
    ),
    "the environment": (
        {
            "{p}/{m}.py": "import os\n\nMODE = os.environ.get('TRAP_MODE', 'unset')\n",
            "app": "import os\nfrom {p} import {m}\nos.environ['TRAP_MODE'] = 'set'\n",
        },
        "{m}.MODE",
    ),
    "a change of the environment": (
        {
            "{p}/{m}.py": "import os\n\nos.environ['TRAP_{m}'] = 'yes'\n",
            "app": "import os\nfrom {p} import {m}\n",
        },
        "os.environ.get('TRAP_{m}')",
    ),
    "the clock": (
        {
            "{p}/{m}.py": "import time\n\nSTART = time.time()\n",
            "app": "import time\nfrom {p} import {m}\nBEGIN = time.time()\n",
        },
        "{m}.START <= BEGIN",
    ),
    "a submodule that another module imports": (
        {
            "{p}/{m}.py": "VALUE = 5\n",
            "{p}/user.py": "import {p}\n\n\ndef value():\n    return {p}.{m}.VALUE\n",
            "app": "import {p}.{m}\nfrom {p} import user\n",
        },
        "user.value()",
    ),
    "annotations": (
        {
            "{p}/{m}.py": "class Model:\n    pass\n",
            "app": "from __future__ import annotations\nimport typing\nfrom {p}.{m} import Model\n\n\ndef load(one: Model) -> Model:\n    return one\n\n",
        },
        "[one.__name__ for one in typing.get_type_hints(load).values()]",
    ),
    "warning filters": (
        {
            "{p}/{m}.py": "import warnings\n\nwarnings.filterwarnings('ignore', message='{m}')\n",
            "app": "import warnings\nfrom {p} import {m}\n",
        },
        "[one[1].pattern for one in warnings.filters if one[1] is not None and one[1].pattern == '{m}']",
    ),
    "a signal handler": (
        {
            "{p}/{m}.py": "import signal\n\nsignal.signal(signal.SIGUSR1, lambda *rest: None)\n",
            "app": "import signal\nfrom {p} import {m}\n",
        },
        "callable(signal.getsignal(signal.SIGUSR1))",
    ),
    "a thread": (
        {
            "{p}/{m}.py": "import threading\n\nEVENT = threading.Event()\nthreading.Thread(target=EVENT.wait, daemon=True, name='{m}').start()\n",
            "app": "import threading\nfrom {p} import {m}\n",
        },
        "'{m}' in [one.name for one in threading.enumerate()]",
    ),
    "a file": (
        {
            "{p}/{m}.py": "import os\nimport tempfile\n\nwith open(os.path.join(tempfile.gettempdir(), '{m}'), 'w') as file:\n    file.write('1')\n",
            "app": "import os\nimport tempfile\nfrom {p} import {m}\n",
        },
        "os.path.exists(os.path.join(tempfile.gettempdir(), '{m}'))",
    ),
    "a name like its module's": (
        {
            "{p}/__init__.py": "from {p}.{m} import {m}\n",
            "{p}/{m}.py": "def {m}():\n    return 'called'\n",
            "app": "import {p}\nimport {p}.{m}\n",
        },
        "{p}.{m}()",
    ),
    "an import that may fail": (
        {
            "{p}/{m}.py": "try:\n    import nothing_of_this_name\n    HAS = True\nexcept ImportError:\n    HAS = False\n    nothing_of_this_name = None\ntry:\n    import string\nexcept ImportError:\n    string = None\n\n\ndef state():\n    return HAS, nothing_of_this_name is None, string is None\n",
            "app": "from {p} import {m}\nimport textwrap\n",
        },
        "{m}.state()",
    ),
    "the namespace of a module": (
        {
            "{p}/{m}.py": "import string\nimport textwrap\n\nVALUE = 1\n",
            "app": "import {p}.{m} as trap\n",
        },
        "[sorted(name for name in vars(trap) if name[0] != '_'), trap.__dict__['string'].__name__]",
    ),
    "names of globals": (
        {
            "{p}/{m}.py": "import string\nimport textwrap\n\n\ndef get(name):\n    return globals()[name].__name__\n",
            "app": "from {p} import {m}\n",
        },
        "{m}.get('textwrap')",
    ),
    "a getattr of the module's own": (
        {
            "{p}/{m}.py": "import string\n\n\ndef __getattr__(name):\n    if name == 'old':\n        return string.digits\n    raise AttributeError(name)\n\n\ndef __dir__():\n    return ['old']\n",
            "app": "from {p} import {m}\n",
        },
        "[{m}.old, dir({m}), hasattr({m}, 'other'), {m}.string.digits]",
    ),
    "a name that is replaced": (
        {
            "{p}/{m}.py": "from {p}.part import work\n\n\ndef run():\n    return work()\n",
            "{p}/part.py": "def work():\n    return 'real'\n",
            "app": "from {p} import {m}\nfrom {p} import part\n\n\ndef swapped():\n    kept = {m}.work\n    {m}.work = lambda: 'fake'\n    found = {m}.run()\n    {m}.work = kept\n    return [found, {m}.run()]\n\n",
        },
        "swapped()",
    ),
    "functions by type": (
        {
            "{p}/show.py": "import functools\n\n\n@functools.singledispatch\ndef show(value):\n    return 'any'\n",
            "{p}/{m}.py": "from {p}.show import show\n\n\n@show.register(int)\ndef _(value):\n    return 'int'\n",
            "app": "from {p}.show import show\nimport {p}.{m}\n",
        },
        "show(1)",
    ),
    "a class that is registered": (
        {
            "{p}/shape.py": "import abc\n\n\nclass Shape(abc.ABC):\n    pass\n\n\nclass Square:\n    pass\n",
            "{p}/{m}.py": "from {p} import shape\n\nshape.Shape.register(shape.Square)\n",
            "app": "from {p} import shape\nfrom {p} import {m}\n",
        },
        "isinstance(shape.Square(), shape.Shape)",
    ),
    "exceptions": (
        {
            "{p}/{m}.py": "class Wrong(Exception):\n    pass\n",
            "{p}/user.py": "from {p} import {m}\n\n\ndef run():\n    try:\n        raise {m}.Wrong('once')\n    except {m}.Wrong as error:\n        return type(error).__module__, str(error)\n",
            "app": "from {p} import user\nfrom {p}.{m} import Wrong\n\n\ndef fails():\n    raise Wrong('twice')\n\n",
        },
        "user.run() if event.get('n') != 2 else fails()",
    ),
    "a module that another file imports": (
        {
            "{p}/{m}.py": "import xml.dom.minidom\n\n\ndef run():\n    return xml.dom.minidom.__name__\n",
            "{p}/user.py": "import xml.dom\n\n\ndef run(text):\n    return xml.dom.minidom.parseString(text).toxml()\n",
            "app": "from {p} import {m}\nfrom {p} import user\n",
        },
        "user.run('<b/>') if event.get('n') != 2 else {m}.run()",
    ),
    "a module that an f-string names": (
        {
            "{p}/{m}.py": "import xml.dom.minidom\n\n\ndef run():\n    return xml.dom.minidom.__name__\n",
            "{p}/user.py": "import xml.dom\n\n\ndef run(text):\n    return f'{{xml.dom.minidom.parseString(text).toxml()}}'\n",
            "app": "from {p} import {m}\nfrom {p} import user\n",
        },
        "user.run('<b/>') if event.get('n') != 2 else {m}.run()",
    ),
    "a module that a pattern names": (
        {
            "{p}/{m}.py": "import xml.sax.handler\n",
            "{p}/user.py": "import xml.sax\n\n\ndef run(value):\n    match value:\n        case xml.sax.handler.version:\n            return 'same'\n    return 'other'\n",
            "app": "from {p} import {m}\nfrom {p} import user\n",
        },
        "user.run('2.0beta')",
    ),
    "a package's own list of modules": (
        {
            "{p}/__init__.py": "from . import {m}, part\n\n__all__ = ['{m}', 'part']\n",
            "{p}/{m}.py": "VALUE = 1\n",
            "{p}/part.py": "VALUE = 2\n",
            "app": "import {p}\nimport importlib\n",
        },
        "[getattr({p}, name).VALUE for name in {p}.__all__] + [name in dir({p}) for name in {p}.__all__]",
    ),
    "names in texts": (
        {
            "{p}/{m}.py": "import wave\nimport colorsys\n\n\ndef evaluate(text):\n    return eval(text)\n\n\n"
            "LATER = evaluate('lambda: string.digits')\nimport string\n",
            "app": "from {p} import {m}\n",
        },
        "[{m}.evaluate('wave.Error.__name__'), {m}.LATER(), sorted({m}.evaluate('globals()').keys() & "
        "{{'wave', 'colorsys', 'string'}})]",
    ),
    "names of globals()": (
        {
            "{p}/{m}.py": "import wave\nfrom {p}.part import found\n\n\ndef get(name):\n"
            "    return globals().get(name)\n\n\ndef put(name):\n    globals()[name] = 1\n\n\nput('found')\n"
            "put('string')\nimport string\n\n\ndef names():\n    return [one for one in globals() if one[0] != '_']\n",
            "{p}/part.py": "found = 2\n",
            "app": "from {p} import {m}\n",
        },
        "[get.__name__ if (get := {m}.get('wave')) else None, {m}.get('found'), {m}.get('string').__name__, "
        "sorted({m}.names()), {m}.get('nothing')]",
    ),
    "a __dir__ of globals()": (
        {
            "{p}/__init__.py": "import wave\nfrom . import {m}\n\n\ndef __dir__():\n"
            "    return list(globals().keys() | {{'more'}})\n\n\ndef __getattr__(name):\n    try:\n"
            "        return globals()[name.lower()]\n    except KeyError:\n        raise AttributeError(name) from None\n",
            "{p}/{m}.py": "import colorsys\n",
            "app": "import {p}\nNAME = {p}.__name__\n",
        },
        "[dir({p}), {p}.WAVE.__name__, hasattr({p}, 'nothing'), {p}.{m}.colorsys.__name__]",
    ),
    "a name like its module's, and the module loads first": (
        {
            "{p}/__init__.py": "from {p}.{m} import {m}, more\n",
            "{p}/{m}.py": "def {m}():\n    return 'called'\n\n\ndef more():\n    return 'more'\n",
            "{p}/user.py": "def module():\n    import {p}.{m} as found\n    return found()\n",
            "app": "import importlib\nimport {p}\nfrom {p} import user\n\nNAME = {p}.__name__\n\n\n"
            "def load():\n    return importlib.import_module('{p}.{m}').more()\n",
        },
        "[load(), {p}.{m}(), user.module(), callable({p}.{m}), {p}.more()]",
    ),
    "a name like another module's": (
        {
            "{p}/__init__.py": "from .part import {m}\n",
            "{p}/part.py": "from .{m} import VALUE\n\n\ndef {m}():\n    return VALUE\n",
            "{p}/{m}.py": "import wave\n\nVALUE = 7\n",
            "app": "import sys\nimport {p}\n\nNAME = {p}.__name__\n",
        },
        "[__import__('{p}.{m}').{m}(), {p}.{m}()]",
    ),
    "a function like a module of its package": (
        {
            "{p}/__init__.py": "from .part import run\n\n\ndef {m}():\n    return run()\n",
            "{p}/part.py": "from .{m} import VALUE\n\n\ndef run():\n    return VALUE\n",
            "{p}/{m}.py": "import wave\n\nVALUE = 7\n",
            "app": "import {p}\n\nNAME = {p}.__name__\n",
        },
        "[{p}.{m}(), __import__('{p}.{m}').{m}(), {p}.run(), {p}.{m}()]",
    ),
    "an alias like a module": (
        {
            "{p}/__init__.py": "from .{m} import work as {m}\nfrom . import {m} as again, part\n",
            "{p}/part.py": "from . import {m}\n\n\ndef run():\n    from .{m} import work\n    return work() + {m}()\n",
            "{p}/{m}.py": "def work():\n    return 'worked'\n",
            "app": "import {p}\n\nNAME = {p}.__name__\n",
        },
        "[{p}.part.run(), {p}.{m}(), {p}.again()]",
    ),
    "a module before a name like it": (
        {
            "{p}/__init__.py": "from . import early\nfrom .{m} import {m}\nfrom . import late\n",
            "{p}/early.py": "from . import {m}\n\n\ndef run():\n    return {m}.{m}()\n",
            "{p}/late.py": "from . import {m}\n\n\ndef run():\n    return {m}()\n",
            "{p}/{m}.py": "def {m}():\n    return 'called'\n",
            "app": "import {p}\n\nNAME = {p}.__name__\n",
        },
        "[{p}.late.run(), {p}.early.run(), {p}.{m}()]",
    ),
    "a module after a name like it": (
        {
            "{p}/__init__.py": "from .part import {m}\n",
            "{p}/part.py": "def {m}():\n    return 'called'\n",
            "{p}/{m}.py": "import wave\n\nVALUE = 1\n",
            "app": "import {p}\nfrom {p} import user\n\nNAME = {p}.__name__\n",
            "{p}/user.py": "import {p}.{m}\n\n\ndef run():\n    return {p}.{m}.VALUE\n",
        },
        "[type({p}.{m}).__name__, user.run()]",
    ),
    "a name like its module's that is replaced": (
        {
            "{p}/__init__.py": "from .{m} import {m}\n",
            "{p}/{m}.py": "def {m}():\n    return 'called'\n",
            "app": "import importlib\nimport {p}\n\nNAME = {p}.__name__\n\n\ndef swapped():\n"
            "    {p}.{m} = lambda: 'fake'\n    found = importlib.import_module('{p}.{m}')\n"
            "    return [{p}.{m}(), found.{m}()]\n",
        },
        "swapped()",
    ),
    "the type of a package": (
        {
            "{p}/__init__.py": "from .{m} import {m}\n",
            "{p}/{m}.py": "def {m}():\n    return 'called'\n",
            "{p}/show.py": "import types\n\n_SHOWN = {{types.ModuleType: 'module', int: 'int'}}\n\n\n"
            "def show(value):\n    return _SHOWN.get(type(value), 'unknown')\n",
            "app": "import {p}\nfrom {p}.show import show\n\nNAME = {p}.__name__\n",
        },
        "[show({p}), {p}.{m}()]",
    ),
    "a package that is read again": (
        {
            "{p}/__init__.py": "from .{m} import {m}\n\nTYPE = repr(type(__import__('{p}')))\n",
            "{p}/{m}.py": "def {m}():\n    return 'called'\n",
            "app": "import importlib\nimport {p}\n\nNAME = {p}.__name__\n",
        },
        "[importlib.reload({p}).{m}(), {p}.TYPE, repr(type({p})), [*__import__('{p}.{m}').__spec__.name], {p}.{m}()]",
    ),
    "names of a caller": (
        {
            "{p}/{m}.py": "import sys\n\n\ndef look(text):\n    return eval(text, sys._getframe(1).f_globals)\n\n\n"
            "def home():\n    return sys._getframe(1).f_globals['__name__']\n",
            "{p}-2.0.dist-info/RECORD": "{p}/{m}.py,,\n",
            "app": "import colorsys\nimport wave\nfrom {p} import {m}\n",
        },
        "[{m}.look('colorsys.__name__'), {m}.home(), wave.__name__]",
    ),
    "a name like a module that stays": (
        {
            "{p}/__init__.py": "from . import part\nfrom .{m} import {m}, sub\n\nPART = part.VALUE\n",
            "{p}/part.py": "from .{m} import VALUE\n\nKEPT = [VALUE]\n",
            "{p}/{m}/__init__.py": "VALUE = 1\n\n\ndef {m}():\n    return 'called'\n",
            "{p}/{m}/sub.py": "import wave\n\nVALUE = 2\n",
            "app": "import {p}\n\nNAME = {p}.PART\n",
        },
        "[type({p}.{m}).__name__, {p}.sub.VALUE, {p}.{m}()]",
    ),
}


def write_trap(name: str, seed: int, folder: Path) -> None:
    """Write the package with that trap; the seed changes names, fillers and layout, not the trap."""
    chance = random.Random(f"{name} {seed}")
    package, module = f"pack{chance.randrange(1000)}", f"mod{chance.randrange(1000)}"
    files, rare = TRAPS[name]
    texts = {file.format(p=package, m=module): text.format(p=package, m=module) for file, text in files.items()}
    own = texts.pop("app")
    texts.setdefault(f"{package}/__init__.py", chance.choice(["", '"""A package."""\n', "\n# nothing here\n"]))
    own_lines = own.splitlines(keepends=True)
    for number in range(chance.randrange(4)):
        texts[f"{package}/filler{number}.py"] = _FILLER
        line = chance.choice([f"import {package}.filler{number}\n", f"from {package} import filler{number}\n"])
        if "def " not in own and "__future__" not in own:
            own_lines.insert(chance.randrange(len(own_lines) + 1), line)
    if chance.random() < 0.5:
        # As a distribution: its files are not the application's.
        record = "".join(f"{file},,\n" for file in texts)
        texts[f"{package}-1.0.dist-info/RECORD"] = record
    texts["app.py"] = "".join(own_lines) + (
        "\n\ndef handler(event, context):\n"
        "    if event['ask'] == 'rare':\n"
        f"        return {rare.format(p=package, m=module)}\n"
        "    return event['ask']\n"
    )
    for file, text in texts.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
