"""What a piece of an application is."""

import textwrap
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of an application. `name` is unique, and `{n}` in its texts is the number of the piece in its handler.

    `module` is code of the module, `handler` code of the handler, `answer` an expression that becomes part of the
    answer, and `after` code of the module below the handler, which is called `work`. `files` lie beside the module.
    A piece that `needs` distributions is left out where an interpreter does not have them.
    """

    name: str
    module: str = ""
    handler: str = ""
    answer: str = "None"
    files: tuple[tuple[str, str], ...] = ()
    after: str = ""
    needs: tuple[str, ...] = ()


def code(text: str) -> str:
    """Code of a module, indented in its piece."""
    return textwrap.dedent(text).strip()


def body(text: str) -> str:
    """Code of the handler, indented in its piece."""
    return code(text).replace("\n", "\n    ")


# A server in the same process may still close its end of a connection: three looks in a row have to agree. The names
# are taken before another piece replaces them.
OPEN_FILES = code("""
    import os, time
    def open_files{n}(look=os.listdir, rest=time.sleep):
        looks = []
        while len(looks) < 3 or (len(set(looks[-3:])) > 1 and len(looks) < 100):
            looks.append(len(look('/proc/self/fd'))); rest(0.002)
        return looks[-1]
""")
