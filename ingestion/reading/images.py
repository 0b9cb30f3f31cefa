"""Images of products: found in the images folder, checked, decoded once, kept as thumbnails.

An image is untrusted input: only allow-listed formats are opened, its pixels are counted from the header before
anything is decoded, no name leads out of the folder, and whatever the decoder raises is a row of `issues`.
"""

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image

from ingestion.image_files import ImageError, decode, read_file
from ingestion.issues import Issues, shorten
from ingestion.reading.image_folder import Folder, leads_out
from ingestion.reading.parquet_rows import holds_images, image_bytes
from ingestion.task import Progress, Work
from store.chunks import Chunks
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
    for rows, issues in read_images(products, images, max_pixels, work.progress, work.chunks):
        work.write("images", rows)
        work.write("issues", issues)


def read_images(
    products: pa.Table, images: Path | None, max_pixels: int, progress: Progress, chunks: Chunks | None = None
) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Read the images of `products` (product_id, image_path, other_images, catalogue_row) from the folder `images`.

    Yields tables (`images`, `issues`) for every 256 products, so that memory is bounded; the last may be empty.
    A product's file is the first that its names mean (see `Folder.find`), or the one found by its id where it names
    none. Where `images` is a Parquet catalogue, the images are the bytes in the products' rows. Every product is in one
    of the two tables, unless none has an image: then one issue says so. `max_pixels` caps width times height. Sizes and
    thumbnails are kept in `chunks` by the hash of an image's bytes: a file that is kept is read, but not decoded.
    `progress` is called with (products done, products in all). CatalogueError if the folder cannot be listed.
    """
    issues = Issues("images")
    total = len(products)
    source: _Folder | _Cells
    if images is not None and (images.is_file() or holds_images(images)):
        source = _Cells(images, products["catalogue_row"].to_pylist())
    else:
        several = sum(bool(names) for names in products["other_images"].to_pylist())
        named = total - products["image_path"].null_count
        folder = None if images is None else Folder(images)
        if folder is None or not (named or any(map(folder.by_id, products["product_id"].to_pylist()))):
            if named:
                detail = f"{named:,} products name an image, but no folder was given: none was read."
                issues.add("no images folder", detail)
            elif folder is not None and total:
                issues.add("no image", f"No product has an image in the folder {folder.path.name}: none was read.")
            progress(total, total)
            yield pa.Table.from_pylist([], schema=SCHEMA), issues.take()
            return
        if several:
            detail = "the first that is in the folder is theirs."
            issues.add("several images", f"{several:,} of {total:,} products name several images: {detail}")
        source = _Folder(folder)
    batches = products.select(["product_id", "image_path", "other_images", "catalogue_row"]).to_batches(BATCH)
    found = [_found(source, *product) for batch in batches for product in _rows(batch)]
    results = (chunks or Chunks()).results(
        lambda: (image for image in found if isinstance(image, _Found)),
        lambda image: image.sha256,
        lambda wanted: [_described(source, image, max_pixels) for image in wanted],
        lambda done, of: progress(done * total // of if of else total, total),
    )
    images_of = iter(found)
    for batch in batches:
        rows = []
        for (product_id, _, _, row), image in zip(_rows(batch), images_of, strict=False):
            if image is None:
                issues.add("no image", "The product has no image; image methods leave it out.", product_id, row)
                continue
            if isinstance(image, _Found):
                result = next(results)[1]
                if isinstance(result, bytes):
                    rows.append({"product_id": product_id, "image_path": image.label} | _unpacked(image.sha256, result))
                    continue
                error = result.of(image)
            else:
                error = image
            issues.add(error.problem, f"{error} The image was left out.", product_id, row)
        yield pa.Table.from_pylist(rows, schema=SCHEMA), issues.take()
    next(results, None)  # so that it reports its end


@dataclass(frozen=True)
class _Found:
    """A product's image: the name that it goes by, its row of the catalogue and the hash of its bytes."""

    label: str
    row: int | None
    sha256: str


@dataclass(frozen=True)
class _Refused:
    """Why the image that goes by `label` cannot be used."""

    label: str
    error: ImageError

    def of(self, image: _Found) -> ImageError:
        """The same error of an image of equal bytes, which may go by another name."""
        return ImageError(self.error.problem, str(self.error).replace(shorten(self.label), shorten(image.label)))


class _Folder:
    """Images that are files of a folder."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder

    def find(self, product_id: str, name: str | None, others: list[str] | None, row: int | None) -> str | None:
        """The name of a product's file; None if it has none."""
        return self.folder.find([*([] if name is None else [name]), *(others or [])], product_id)

    def read(self, label: str, row: int | None) -> bytes | None:
        """The bytes of the file of that name."""
        return read_file(_locate(self.folder.path, label))


class _Cells:
    """Images that are cells of a Parquet catalogue, which is read from its start to its end, and then once more."""

    def __init__(self, catalogue: Path, rows: list[int]) -> None:
        self.catalogue, self.rows = catalogue, rows
        self._cells = iter(())  # type: Iterator[tuple[int, bytes | None]]

    def find(self, product_id: str, name: str | None, others: list[str] | None, row: int | None) -> str | None:
        """What a product's cell goes by."""
        return name or f"row {row}"

    def read(self, label: str, row: int | None) -> bytes | None:
        """The bytes in the cell of that row, which come after those that were read before, or from the start again."""
        for _ in range(2):
            for number, data in self._cells:
                if number == row:
                    return data
            self._cells = zip(self.rows, image_bytes(self.catalogue, self.rows), strict=False)
        return None


def _rows(batch: pa.RecordBatch) -> Iterator[tuple[Any, ...]]:
    return zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _found(
    source: _Folder | _Cells, product_id: str, name: str | None, others: list[str] | None, row: int | None
) -> _Found | ImageError | None:
    """A product's image, why it cannot be read, or None if it has none."""
    label = source.find(product_id, name, others, row)
    try:
        data = source.read(label, row) if label is not None else None
        return _Found(label, row, hashlib.sha256(data).hexdigest()) if label is not None and data else None
    except ImageError as error:
        return error


def _described(source: _Folder | _Cells, image: _Found, max_pixels: int) -> bytes | _Refused:
    """The size and the thumbnail of an image, as `_unpacked` reads them."""
    try:
        data = source.read(image.label, image.row) or b""
        if hashlib.sha256(data).hexdigest() != image.sha256:
            raise ImageError("changed image", f"The image {shorten(image.label)} changed while the catalogue was read.")
        return _describe(data, image.label, max_pixels)
    except ImageError as error:
        return _Refused(image.label, error)


def _describe(data: bytes, name: str, max_pixels: int) -> bytes:
    """Width and height as int32, and the thumbnail; ImageError."""
    image = decode(data, name, max_pixels)
    size = np.array(image.size, np.int32).tobytes()
    image.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.BICUBIC, reducing_gap=2.0)
    thumbnail = io.BytesIO()
    image.save(thumbnail, "JPEG", quality=80)
    return size + thumbnail.getvalue()


def _unpacked(sha256: str, described: bytes) -> dict[str, object]:
    """A row of `images` but for its product."""
    width, height = np.frombuffer(described[:8], np.int32).tolist()
    return {"sha256": sha256, "width": width, "height": height, "thumbnail": described[8:]}


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
