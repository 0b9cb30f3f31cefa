"""The step around every feature method: give it its inputs, write what it yields."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ingestion.features import frozen
from ingestion.features.base import Batch, Inputs, Method, Model, ProductImage, Text
from ingestion.reading.parquet_rows import holds_images, image_bytes
from ingestion.task import Work
from ingestion.vectors import Matrix, load
from store import tables
from store.errors import StepFailed


def step(
    work: Work,
    *,
    method: str,
    method_class: type[Method],
    settings: dict[str, Any],
    model: Model,
    images: Path | None,
    refit: frozen.Refit = "always",
) -> None:
    """Write `embedding_<method>`, `terms`, `issues` and the row of `models` of one method."""
    made = build(method_class, settings)
    dimensions, products = 0, 0
    reads = replace(inputs(work, images), frozen=frozen.beside(work.chunks, refit))
    for batch in made.embed(model, reads, work.progress):
        if batch.product_ids:
            dimensions = check(method, batch, dimensions)
            products += len(batch.product_ids)
            rows = pa.table({"product_id": batch.product_ids, "vector": column(batch.vectors)})
            work.write(tables.embedding_table(method, dimensions), rows)
        terms = (dict(zip(("product_id", "term", "weight"), row, strict=True), method=method) for row in batch.terms)
        work.write("terms", terms)
        work.write("issues", ({**vars(issue), "stage": work.task.step} for issue in batch.issues))
    if not products:
        raise StepFailed(f"{method} gave no vector: no product has what it reads ({made.modality}).")
    work.chunks.used |= reads.frozen.used
    status = {"status": "ran", "dimensions": dimensions, "products": products}
    status["fitted"] = reads.frozen.fitted if made.fits else None
    work.write("models", [{**describe(made, settings, model), **status}])


def build(method_class: type[Method], settings: dict[str, Any]) -> Method:
    """A method of that class with settings that were checked before (`registry.build`)."""
    return method_class(method_class.Settings.model_validate(settings))


def describe(method: Method, settings: dict[str, Any], model: Model | None) -> dict[str, Any]:
    """The row of `models` for a method, less what only a run can tell; `model` is None where none was found."""
    row: dict[str, Any] = {"method": method.name, "modality": method.modality}
    row["parameters"] = json.dumps(settings, sort_keys=True)
    if model:
        row |= {"model": model.name, "source": model.source, "licence": model.licence, "sha256": model.sha256}
    return row


def inputs(work: Work, images: Path | None) -> Inputs:
    """What the method may read, from the parts of the steps before it. No method reads a category."""
    parts = work.task.parts
    in_cells = images is not None and holds_images(images)

    def texts() -> Iterator[Text]:
        for batch in work.batches("texts", "texts", ["product_id", "raw", "clean"]):
            yield from (Text(*row) for row in zip(*(c.to_pylist() for c in batch.columns), strict=True))

    def product_images() -> Iterator[ProductImage]:
        rows = work.read("images", "images", ["product_id", "image_path", "sha256"])
        found = list(zip(*(c.to_pylist() for c in rows.columns), strict=True))
        if images is None or not in_cells:
            yield from (
                ProductImage(product_id, Path(images or "") / path, sha256) for product_id, path, sha256 in found
            )
            return
        numbers = work.read("catalogue", "products", ["product_id", "catalogue_row"])
        row_of = dict(zip(*(c.to_pylist() for c in numbers.columns), strict=True))
        cells = image_bytes(images, [row_of[product_id] for product_id, *_ in found])
        for (product_id, path, sha256), data in zip(found, cells, strict=True):
            yield ProductImage(product_id, Path(path), sha256, data or b"")

    def vectors(method: str) -> tuple[list[str], Matrix]:
        return load(work, f"features:{method}", method)

    def count(step: str, table: str) -> int:
        part = parts.get(step)
        return part.files[table].rows if part and table in part.files else 0

    n_texts, n_images = count("texts", "texts"), count("images", "images")
    return Inputs(texts, n_texts, product_images, n_images, vectors, work.chunks)


def check(method: str, batch: Batch, dimensions: int) -> int:
    """The vectors' length. StepFailed if it changed between batches, or a vector is missing or not finite."""
    n, size = batch.vectors.shape
    if n != len(batch.product_ids) or (dimensions and size != dimensions):
        expected = f"({len(batch.product_ids)}, {dimensions or 'd'})"
        raise StepFailed(f"{method} gave vectors of shape {batch.vectors.shape} where {expected} was due.")
    bad = np.flatnonzero(~np.isfinite(batch.vectors).all(axis=1))
    if len(bad):
        raise StepFailed(f"{method} gave a vector that is not finite for product {batch.product_ids[bad[0]]!r}.")
    return int(size)


def column(vectors: Matrix) -> pa.FixedSizeListArray:
    """(n, d) vectors as a fixed-size-list column."""
    flat = pa.array(np.ascontiguousarray(vectors, dtype=np.float32).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])
