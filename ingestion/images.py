"""Pictures of products: found in the images folder, checked, decoded once, kept as thumbnails.

A picture is untrusted input: only allow-listed formats are opened, its pixels are counted from the header before
anything is decoded, no name leads out of the folder, and whatever the decoder raises is a row of `issues`.
"""

import hashlib
import io
import os
import warnings
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from stat import S_ISREG

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from ingestion.features.base import Progress
from ingestion.issues import Issues, shorten
from ingestion.task import Work
from store.errors import CatalogueError
from store.tables import table

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp")
MAX_BYTES = 64 * 1024 * 1024
"""Bytes of an image file: above any shop's picture, and read whole into memory."""
THUMBNAIL = 256
"""Long side of a thumbnail, in pixels: sharp on a hover card, some 10 kB."""
BATCH = 256
SCHEMA = table("pictures").schema


class PictureError(CatalogueError, ValueError):
    """A picture that cannot be used; `problem` is its short name in `issues`."""

    def __init__(self, problem: str, detail: str) -> None:
        super().__init__(detail)
        self.problem = problem

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return type(self), (self.problem, str(self))


class Folder:
    """The names in an images folder, listed once, to find a product's file by what the catalogue says."""

    def __init__(self, path: Path) -> None:
        """CatalogueError if the folder does not exist or cannot be listed."""
        try:
            self._names = {entry.name for entry in os.scandir(path)}
        except OSError as error:
            raise CatalogueError(f"The images folder {path} cannot be listed ({error.strerror}); check it.") from error
        self.path = path
        # Sorted, so that of two files with one stem it is always the same that is found.
        pictures = sorted((n for n in self._names if n.lower().endswith(SUFFIXES)), reverse=True)
        self._by_stem = {PurePosixPath(name).stem: name for name in pictures}

    def by_id(self, product_id: str) -> str | None:
        """The picture named `<product_id>.<suffix>`, or None."""
        return self._by_stem.get(product_id)

    def by_name(self, name: str) -> str:
        """The file, relative to the folder, that a catalogue's name, path or address means; else the name as it is.

        Looked for as it stands, then by its last part, then as a name without suffix. A name that leads upwards or
        starts at the root stays as it is, for `read_pictures` to refuse.
        """
        if name in self._names:
            return name
        parts = PurePosixPath(name.split("?", maxsplit=1)[0] if "://" in name else name.replace("\\", "/")).parts
        if not parts or _leads_out(name):
            return name
        if len(parts) > 1 and "://" not in name and "\0" not in name and _is_file(self.path.joinpath(*parts)):
            return "/".join(parts)
        return parts[-1] if parts[-1] in self._names else self._by_stem.get(parts[-1], name)


def _leads_out(name: str) -> bool:
    """Whether a name could lead out of the folder, on any system."""
    return (
        PurePosixPath(name).is_absolute()
        or bool(PureWindowsPath(name).drive and "://" not in name)
        or name.startswith("\\")
        or ".." in name.replace("\\", "/").split("/")
    )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # such as a name that is too long
        return False


def step(work: Work) -> None:
    """Write `pictures` and `issues` of the catalogue's products."""
    products = work.read("catalogue", "products", ["product_id", "image_path", "catalogue_row"])
    images = work.task.context["images"]
    folder, max_pixels = Path(images) if images else None, work.task.parameters["max_pixels"]
    for pictures, issues in read_pictures(products, folder, max_pixels, work.progress):
        work.write("pictures", pictures)
        work.write("issues", issues)


def read_pictures(
    products: pa.Table, images: Path | None, max_pixels: int, progress: Progress
) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Read the pictures of `products` (columns product_id, image_path, catalogue_row) from the folder `images`.

    Yields tables (`pictures`, `issues`) for every 256 products, so that memory is bounded; the last may be empty.
    A product's file is the one that `image_path` means (see `Folder.by_name`), or `<product_id>.<suffix>` where
    that is NULL. Every product is in one of the two tables, unless none has a picture: then one issue says so.
    `max_pixels` caps width times height. `progress` is called with (products done, products in all).
    CatalogueError if the folder cannot be listed.
    """
    issues = Issues("images")
    total, named = len(products), len(products) - products["image_path"].null_count
    folder = None if images is None else Folder(images)
    if folder is None or not (named or any(map(folder.by_id, products["product_id"].to_pylist()))):
        if named:
            issues.add("no images folder", f"{named:,} products name an image, but no folder was given: none was read.")
        elif folder is not None and total:
            issues.add("no image", f"No product has an image in the folder {folder.path.name}: none was read.")
        progress(total, total)
        yield pa.Table.from_pylist([], schema=SCHEMA), issues.take()
        return
    done = 0
    columns = ["product_id", "image_path", "catalogue_row"]
    for batch in products.select(columns).to_batches(max_chunksize=BATCH):
        rows = []
        for product_id, name, row in zip(*(batch[c].to_pylist() for c in columns), strict=True):
            found = folder.by_id(product_id) if name is None else folder.by_name(name)
            if found is None:
                issues.add("no image", "The product has no image; its picture is left out.", product_id, row)
                continue
            try:
                picture = _describe(_locate(folder.path, found), max_pixels)
                rows.append({"product_id": product_id, "image_path": found} | picture)
            except PictureError as error:
                issues.add(error.problem, f"{error} The picture was left out.", product_id, row)
        done += len(batch)
        yield pa.Table.from_pylist(rows, schema=SCHEMA), issues.take()
        progress(done, total)


def open_rgb(path: Path, max_pixels: int | None = None) -> Image.Image:
    """The picture at `path`, upright, as RGB: transparency on white, the first frame of an animation, 8 bits.

    PictureError (a CatalogueError) if it is missing, empty, of another format, damaged, or of more pixels than
    `max_pixels` (never more than Pillow's own bound of 89 million).
    """
    return _decode(_read(path), path.name, max_pixels)


def letterbox(image: Image.Image, size: int) -> NDArray[np.uint8]:
    """The whole of an RGB picture in a square, (size, size, 3) uint8: aspect kept, centred on white."""
    scale = size / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    # reducing_gap shrinks large pictures by whole steps first: several times faster, the eye sees no difference.
    small = image.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=2.0)
    square = Image.new("RGB", (size, size), "white")
    square.paste(small, ((size - width) // 2, (size - height) // 2))
    return np.asarray(square)


def _describe(path: Path, max_pixels: int) -> dict[str, object]:
    """A row of `pictures` but for its product; PictureError."""
    data = _read(path)
    image = _decode(data, path.name, max_pixels)
    width, height = image.size
    image.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.BICUBIC, reducing_gap=2.0)
    thumbnail = io.BytesIO()
    image.save(thumbnail, "JPEG", quality=80)
    return {
        "sha256": hashlib.sha256(data).hexdigest(),
        "width": width,
        "height": height,
        "thumbnail": thumbnail.getvalue(),
    }


def _locate(folder: Path, name: str) -> Path:
    """The file of that name in the folder; PictureError if it is missing or lies outside, also by a link."""
    if _leads_out(name):
        raise PictureError("image outside the folder", f"The image name {shorten(name)} leads out of the folder.")
    try:
        real = (folder / name).resolve(strict=True)
    except (OSError, ValueError, RuntimeError) as error:  # missing, NUL in the name, links in a ring
        detail = f"There is no usable image {shorten(name)} in the images folder."
        raise PictureError("missing image", detail) from error
    if not real.is_relative_to(folder.resolve()):
        detail = f"The image {shorten(name)} is a link that leads out of the folder."
        raise PictureError("image outside the folder", detail)
    return real


def _read(path: Path) -> bytes:
    """The bytes of an image file; PictureError if it is missing, no plain file, empty or over 64 MiB."""
    name = shorten(path.name)
    try:
        status = path.stat()
        if not S_ISREG(status.st_mode):
            raise PictureError("missing image", f"The image {name} is not a file.")
        if status.st_size > MAX_BYTES:
            detail = f"The image {name} has {status.st_size:,} bytes, more than {MAX_BYTES:,}."
            raise PictureError("too large image", detail)
        data = path.read_bytes()
    except OSError as error:
        raise PictureError("missing image", f"The image {name} cannot be read ({error.strerror}).") from error
    if not data:
        raise PictureError("broken image", f"The image {name} is an empty file.")
    return data


def _decode(data: bytes, name: str, max_pixels: int | None) -> Image.Image:
    """Decode to the end, upright RGB; PictureError for all that a decoder may raise on hostile bytes."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="PIL")  # on EXIF and palettes that it mends itself
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            image = Image.open(io.BytesIO(data), formats=FORMATS)
            width, height = image.size
            if max_pixels is not None and width * height > max_pixels:
                detail = f"The image {shorten(name)} has {width} x {height} pixels, more than {max_pixels:,}."
                raise PictureError("too large image", detail)
            image.load()
            return _flatten(_upright(image))
        except PictureError:
            raise
        except UnidentifiedImageError as error:
            detail = f"The image {shorten(name)} is not a readable {', '.join(FORMATS[:-1])} or {FORMATS[-1]} picture."
            raise PictureError("broken image", detail) from error
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            detail = f"The image {shorten(name)} has more pixels than can safely be decoded."
            raise PictureError("too large image", detail) from error
        except Exception as error:  # decoders raise anything: SyntaxError, struct.error, IndexError, MemoryError, ...
            detail = f"The image {shorten(name)} cannot be decoded ({type(error).__name__}: {shorten(error, 100)})."
            raise PictureError("broken image", detail) from error


def _upright(image: Image.Image) -> Image.Image:
    """Turned as its EXIF orientation says; as it is where the EXIF data are damaged."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # the picture itself is sound: a damaged tag must not cost it
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
