"""Dominant colors and histograms of a decoded image."""

from typing import NamedTuple

from PIL import Image

BINS = 16
_SAMPLE_SIDE_PX = 128  # quantising a thumbnail gives the same colors at a fraction of the time


class Color(NamedTuple):
    """A color as `#rrggbb`, and the share of the image's pixels (0 to 1) that are nearest to it."""

    hex: str
    share: float


def dominant(image: Image.Image, limit: int = 5) -> list[Color]:
    """The `limit` most frequent colors of an RGB image, most frequent first."""
    sample = image.copy()
    # Nearest: any smoother filter invents colors along the edges.
    sample.thumbnail((_SAMPLE_SIDE_PX, _SAMPLE_SIDE_PX), Image.Resampling.NEAREST)
    reduced = sample.quantize(colors=limit, method=Image.Quantize.MEDIANCUT)
    palette = reduced.getpalette() or []
    counts = reduced.histogram()[: len(palette) // 3]
    total = sum(counts)
    found = [
        Color("#{:02x}{:02x}{:02x}".format(*palette[index * 3 : index * 3 + 3]), round(count / total, 4))
        for index, count in enumerate(counts)
        if count
    ]
    return sorted(found, key=lambda color: color.share, reverse=True)[:limit]


def histogram(image: Image.Image) -> dict[str, list[int]]:
    """Pixels by intensity in 16 equal bins, for each of the channels of an RGB image."""
    fine = image.histogram()
    width = 256 // BINS
    return {
        name: [sum(fine[start : start + width]) for start in range(offset, offset + 256, width)]
        for name, offset in (("red", 0), ("green", 256), ("blue", 512))
    }
