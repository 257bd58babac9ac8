"""The analysis itself: bytes in, a description out. No HTTP, no AWS."""

from pydantic import BaseModel, Field

from app.utils import colors, images


class Size(BaseModel):
    """In pixels."""

    width: int
    height: int


class DominantColor(BaseModel):
    """A color and how much of the image it covers."""

    hex: str = Field(pattern="^#[0-9a-f]{6}$", examples=["#1e90ff"])
    share: float = Field(ge=0, le=1)


class Histogram(BaseModel):
    """Pixels by intensity, 16 equal bins a channel."""

    red: list[int]
    green: list[int]
    blue: list[int]


class Analysis(BaseModel):
    """What is known about one image."""

    format: str = Field(examples=["PNG"])
    mode: str = Field(examples=["RGB"], description="the color mode as Pillow names it")
    size: Size
    size_bytes: int
    colors: list[DominantColor]
    histogram: Histogram


def analyze(data: bytes, max_pixels: int) -> Analysis:
    """Describe an image. Raises the ApiErrors of `app.utils.images`."""
    with images.open_image(data, max_pixels) as image:
        rgb = images.to_rgb(image)
        return Analysis(
            format=image.format or "unknown",
            mode=image.mode,
            size=Size(width=image.width, height=image.height),
            size_bytes=len(data),
            colors=[DominantColor(hex=color.hex, share=color.share) for color in colors.dominant(rgb)],
            histogram=Histogram(**colors.histogram(rgb)),
        )
