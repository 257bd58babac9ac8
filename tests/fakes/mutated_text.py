"""Text as nobody writes it: cut, doubled, spliced with another, or with a few characters changed."""

import random

ALPHABET = '\x00\t\n\r\x1b :{}[]",;|0123456789.eE-+\\/RSTXIE\u202e\ufeff\ud800é$'


def mutated_text(chance: random.Random, text: str, other: str, *, alphabet: str = ALPHABET) -> str:
    """`text` with one change; `other` is a text to splice it with."""
    at = chance.randrange(len(text) + 1)
    match chance.randrange(7):
        case 0:
            return text[:at]
        case 1:
            return text[:at] + text[at // 2 :]
        case 2:
            return text[:at] + other[chance.randrange(len(other) + 1) :]
        case 3:
            return text[:at] + chance.choice(alphabet) + text[at + 1 :]
        case 4:
            return text[:at] + chance.choice(alphabet) * chance.randrange(1, 300) + text[at:]
        case 5:
            lines = text.splitlines(keepends=True)
            chance.shuffle(lines)
            return "".join(lines)
        case _:
            return "".join(chance.choices(alphabet, k=chance.randrange(200)))
