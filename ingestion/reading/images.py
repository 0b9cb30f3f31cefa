"""Images of products: found in the images folder, checked, decoded once, kept as thumbnails.

An image is untrusted input: only allow-listed formats are opened, its pixels are counted from the header before
anything is decoded, no name leads out of the folder, and whatever the decoder raises is a row of `issues`.
"""

import hashlib
import io
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

import pyarrow as pa
from PIL import Image

from ingestion.image_files import ImageError, decode, read_file
from ingestion.issues import Issues, shorten
from ingestion.task import Progress, Work
from store.errors import CatalogueError
from store.tables import table

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp")
THUMBNAIL = 256
"""Long side of a thumbnail, in pixels: sharp on a hover card, some 10 kB."""
BATCH = 256
SCHEMA = table("images").schema


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
        images = sorted((n for n in self._names if n.lower().endswith(SUFFIXES)), reverse=True)
        self._by_stem = {PurePosixPath(name).stem: name for name in images}

    def by_id(self, product_id: str) -> str | None:
        """The image named `<product_id>.<suffix>`, or None."""
        return self._by_stem.get(product_id)

    def by_name(self, name: str) -> str:
        """The file, relative to the folder, that a catalogue's name, path or address means; else the name as it is.

        Looked for as it stands, then by its last part, then as a name without suffix. A name that leads upwards or
        starts at the root stays as it is, for `read_images` to refuse.
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


def step(work: Work, *, images: Path | None, max_pixels: int) -> None:
    """Write `images` and `issues` of the catalogue's products; `images` is the folder that they lie in."""
    products = work.read("catalogue", "products", ["product_id", "image_path", "catalogue_row"])
    for rows, issues in read_images(products, images, max_pixels, work.progress):
        work.write("images", rows)
        work.write("issues", issues)


def read_images(
    products: pa.Table, images_folder: Path | None, max_pixels: int, progress: Progress
) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Read the images of `products` (columns product_id, image_path, catalogue_row) from the folder `images_folder`.

    Yields tables (`images`, `issues`) for every 256 products, so that memory is bounded; the last may be empty.
    A product's file is the one that `image_path` means (see `Folder.by_name`), or `<product_id>.<suffix>` where
    that is NULL. Every product is in one of the two tables, unless none has an image: then one issue says so.
    `max_pixels` caps width times height. `progress` is called with (products done, products in all).
    CatalogueError if the folder cannot be listed.
    """
    issues = Issues("images")
    total, named = len(products), len(products) - products["image_path"].null_count
    folder = None if images_folder is None else Folder(images_folder)
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
                issues.add("no image", "The product has no image; image methods leave it out.", product_id, row)
                continue
            try:
                described = _describe(_locate(folder.path, found), max_pixels)
                rows.append({"product_id": product_id, "image_path": found} | described)
            except ImageError as error:
                issues.add(error.problem, f"{error} The image was left out.", product_id, row)
        done += len(batch)
        yield pa.Table.from_pylist(rows, schema=SCHEMA), issues.take()
        progress(done, total)


def _describe(path: Path, max_pixels: int) -> dict[str, object]:
    """A row of `images` but for its product; ImageError."""
    data = read_file(path)
    image = decode(data, path.name, max_pixels)
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
    """The file of that name in the folder; ImageError if it is missing or lies outside, also by a link."""
    if _leads_out(name):
        raise ImageError("image outside the folder", f"The image name {shorten(name)} leads out of the folder.")
    try:
        real = (folder / name).resolve(strict=True)
    except (OSError, ValueError, RuntimeError) as error:  # missing, NUL in the name, links in a ring
        detail = f"There is no usable image {shorten(name)} in the images folder."
        raise ImageError("missing image", detail) from error
    if not real.is_relative_to(folder.resolve()):
        detail = f"The image {shorten(name)} is a link that leads out of the folder."
        raise ImageError("image outside the folder", detail)
    return real
