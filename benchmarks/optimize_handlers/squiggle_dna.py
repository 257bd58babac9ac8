"""A handler on squiggle."""

from squiggle import transform


def handler(event, context):
    x, y = transform(event.get("sequence", "ATGCATGC" * 20), method=event.get("method", "squiggle"))
    return {"points": len(x), "last": [float(x[-1]), float(y[-1])]}
