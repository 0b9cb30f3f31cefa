"""Images of products: found in the images folder, checked, decoded once, kept as thumbnails.

An image is untrusted input: only allow-listed formats are opened, its pixels are counted from the header before
anything is decoded, no name leads out of the folder, and whatever the decoder raises is a row of `issues`.
"""

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from PIL import Image

from ingestion.image_files import ImageError, decode, read_file
from ingestion.issues import Issues, shorten
from ingestion.reading.image_folder import Folder, leads_out
from ingestion.reading.parquet_rows import holds_images, image_bytes
from ingestion.task import Progress, Work
from store.tables import table

THUMBNAIL = 256
"""Long side of a thumbnail, in pixels: sharp on a hover card, some 10 kB."""
BATCH = 256
SCHEMA = table("images").schema


def step(work: Work, *, images: Path | None, max_pixels: int) -> None:
    """Write `images` and `issues` of the catalogue's products.

    `images` is the folder that they lie in, or the Parquet catalogue whose cells hold them.
    """
    products = work.read("catalogue", "products", ["product_id", "image_path", "other_images", "catalogue_row"])
    for rows, issues in read_images(products, images, max_pixels, work.progress):
        work.write("images", rows)
        work.write("issues", issues)


def read_images(
    products: pa.Table, images: Path | None, max_pixels: int, progress: Progress
) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Read the images of `products` (product_id, image_path, other_images, catalogue_row) from the folder `images`.

    Yields tables (`images`, `issues`) for every 256 products, so that memory is bounded; the last may be empty.
    A product's file is the first that its names mean (see `Folder.find`), or the one found by its id where it names
    none. Where `images` is a Parquet catalogue, the images are the bytes in the products' rows. Every product is in one
    of the two tables, unless none has an image: then one issue says so. `max_pixels` caps width times height.
    `progress` is called with (products done, products in all). CatalogueError if the folder cannot be listed.
    """
    if images is not None and (images.is_file() or holds_images(images)):
        yield from _read_cells(products, images, max_pixels, progress)
        return
    issues = Issues("images")
    total = len(products)
    several = sum(bool(names) for names in products["other_images"].to_pylist())
    named = total - products["image_path"].null_count
    folder = None if images is None else Folder(images)
    if folder is None or not (named or any(map(folder.by_id, products["product_id"].to_pylist()))):
        if named:
            issues.add("no images folder", f"{named:,} products name an image, but no folder was given: none was read.")
        elif folder is not None and total:
            issues.add("no image", f"No product has an image in the folder {folder.path.name}: none was read.")
        progress(total, total)
        yield pa.Table.from_pylist([], schema=SCHEMA), issues.take()
        return
    if several:
        detail = f"{several:,} of {total:,} products name several images: the first that is in the folder is theirs."
        issues.add("several images", detail)
    done = 0
    columns = ["product_id", "image_path", "other_images", "catalogue_row"]
    for batch in products.select(columns).to_batches(max_chunksize=BATCH):
        rows = []
        for product_id, name, others, row in zip(*(batch[c].to_pylist() for c in columns), strict=True):
            found = folder.find([*([] if name is None else [name]), *(others or [])], product_id)
            if found is None:
                issues.add("no image", "The product has no image; image methods leave it out.", product_id, row)
                continue
            try:
                described = _describe(read_file(_locate(folder.path, found)), found, max_pixels)
                rows.append({"product_id": product_id, "image_path": found} | described)
            except ImageError as error:
                issues.add(error.problem, f"{error} The image was left out.", product_id, row)
        done += len(batch)
        yield pa.Table.from_pylist(rows, schema=SCHEMA), issues.take()
        progress(done, total)


def _read_cells(
    products: pa.Table, catalogue: Path, max_pixels: int, progress: Progress
) -> Iterator[tuple[pa.Table, pa.Table]]:
    """As `read_images`, of the bytes in the cells of a Parquet catalogue."""
    issues, done = Issues("images"), 0
    cells = image_bytes(catalogue, products["catalogue_row"].to_pylist())
    columns = ["product_id", "image_path", "catalogue_row"]
    for batch in products.select(columns).to_batches(max_chunksize=BATCH):
        rows = []
        for product_id, name, row in zip(*(batch[c].to_pylist() for c in columns), strict=True):
            data = next(cells, None)
            if not data:
                issues.add("no image", "The product has no image; image methods leave it out.", product_id, row)
                continue
            label = name or f"row {row}"
            try:
                rows.append({"product_id": product_id, "image_path": label} | _describe(data, label, max_pixels))
            except ImageError as error:
                issues.add(error.problem, f"{error} The image was left out.", product_id, row)
        done += len(batch)
        yield pa.Table.from_pylist(rows, schema=SCHEMA), issues.take()
        progress(done, len(products))


def _describe(data: bytes, name: str, max_pixels: int) -> dict[str, object]:
    """A row of `images` but for its product; ImageError."""
    image = decode(data, name, max_pixels)
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
    if leads_out(name):
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
