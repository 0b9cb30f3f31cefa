"""Open one image file safely; every step that reads images does it with these functions.

An image is untrusted input: only allow-listed formats are opened, its pixels are counted from the header before
anything is decoded, and whatever the decoder raises is an `ImageError`.
"""

import io
import warnings
from pathlib import Path
from stat import S_ISREG

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from ingestion.issues import shorten
from store.errors import CatalogueError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
MAX_BYTES = 64 * 1024 * 1024
"""Bytes of an image file: more than the image of any shop; a file is read whole into memory."""


class ImageError(CatalogueError, ValueError):
    """An image that cannot be used; `problem` is its short name in `issues`."""

    def __init__(self, problem: str, detail: str) -> None:
        super().__init__(detail)
        self.problem = problem

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return type(self), (self.problem, str(self))


def open_rgb(path: Path, max_pixels: int | None = None) -> Image.Image:
    """The image at `path`, upright, as RGB: transparency on white, the first frame of an animation, 8 bits.

    ImageError (a CatalogueError) if it is missing, empty, of another format, damaged, or of more pixels than
    `max_pixels` (never more than Pillow's own bound of 89 million).
    """
    return decode(read_file(path), path.name, max_pixels)


def letterbox(image: Image.Image, size: int, reducing_gap: float | None = 2.0) -> NDArray[np.uint8]:
    """The whole of an RGB image in a square, (size, size, 3) uint8: aspect kept, centred on white.

    Bicubic. With `reducing_gap` a large image is first shrunk by whole steps (Pillow's `reduce`): several times faster,
    without a visible difference. None resamples the full image.
    """
    scale = size / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    small = image.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=reducing_gap)
    square = Image.new("RGB", (size, size), "white")
    square.paste(small, ((size - width) // 2, (size - height) // 2))
    return np.asarray(square)


def read_file(path: Path) -> bytes:
    """The bytes of an image file; ImageError if it is missing, no plain file, empty or over 64 MiB."""
    name = shorten(path.name)
    try:
        status = path.stat()
        if not S_ISREG(status.st_mode):
            raise ImageError("missing image", f"The image {name} is not a file.")
        if status.st_size > MAX_BYTES:
            detail = f"The image {name} has {status.st_size:,} bytes, more than {MAX_BYTES:,}."
            raise ImageError("too large image", detail)
        data = path.read_bytes()
    except OSError as error:
        raise ImageError("missing image", f"The image {name} cannot be read ({error.strerror}).") from error
    if not data:
        raise ImageError("broken image", f"The image {name} is an empty file.")
    return data


def decode(data: bytes, name: str, max_pixels: int | None) -> Image.Image:
    """Decode to the end, upright RGB; ImageError for all that a decoder may raise on hostile bytes."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="PIL")  # about EXIF data and palettes that Pillow repairs itself
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            image = Image.open(io.BytesIO(data), formats=FORMATS)
            width, height = image.size
            if max_pixels is not None and width * height > max_pixels:
                detail = f"The image {shorten(name)} has {width} x {height} pixels, more than {max_pixels:,}."
                raise ImageError("too large image", detail)
            image.load()
            return _flatten(_upright(image))
        except ImageError:
            raise
        except UnidentifiedImageError as error:
            detail = f"The image {shorten(name)} is not a readable {', '.join(FORMATS[:-1])} or {FORMATS[-1]} image."
            raise ImageError("broken image", detail) from error
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            detail = f"The image {shorten(name)} has more pixels than can safely be decoded."
            raise ImageError("too large image", detail) from error
        except Exception as error:  # decoders raise anything: SyntaxError, struct.error, IndexError, MemoryError, ...
            detail = f"The image {shorten(name)} cannot be decoded ({type(error).__name__}: {shorten(error, 100)})."
            raise ImageError("broken image", detail) from error


def _upright(image: Image.Image) -> Image.Image:
    """Turned as its EXIF orientation says; as it is where the EXIF data are damaged."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # the image itself is sound: a damaged tag is no reason to drop it
        return image


def _flatten(image: Image.Image) -> Image.Image:
    """RGB of 8 bits: transparency on white; 16-bit grey by its high byte (Pillow would clip it to white)."""
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode.startswith(("I", "F")):
        grey = np.asarray(image).astype(np.float64)
        grey = grey / 257.0 if grey.max(initial=0) > 255 else grey
        return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        ground = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(ground, layer).convert("RGB")
    return image.convert("RGB")
