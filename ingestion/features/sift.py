"""`sift`: an image as a bag of visual words.

SIFT descriptors (Lowe 2004) as RootSIFT (Arandjelovic & Zisserman 2012), quantised to visual words (Sivic &
Zisserman 2003), tf-idf on the words, signed square root and L2 (Perronnin et al. 2010). The baseline for
networks: it describes texture and corners, not objects.
"""

from collections.abc import Iterator
from dataclasses import replace
from tempfile import TemporaryFile
from typing import IO, Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ingestion.features import per_product
from ingestion.features.base import Batch, Inputs, Issue, Method, Model, ProductImage, Vectors
from ingestion.features.frozen import Arrays, Frozen
from ingestion.image_files import ImageError
from ingestion.settings import Settings
from ingestion.task import Progress
from store.errors import StepFailed

WIDTH = 128
"""Figures of one SIFT descriptor; OpenCV gives whole numbers from 0 to 255, so a byte holds each without loss."""
ROWS = 256
"""Images that are described, and counted, together: 16 MB of descriptors."""


class SiftSettings(Settings):
    """Settings of `sift`."""

    long_side: Annotated[int, Field(ge=64, le=4096)] = 256
    """Pixels of the image's long side: larger ones are reduced. 256 takes a third of the CPU time of 512 for images
    of 500 pixels, and as good a mean ARI on the built-in sample (.150 against .146 over five seeds; not repeatable).
    No labelled catalogue but the one that is reported has larger images, and that one was not asked."""
    descriptors: Annotated[int, Field(ge=10, le=5000)] = 500
    """Strongest keypoints kept of an image: product images on white seldom have more that repeat."""
    words: Annotated[int, Field(ge=2, le=100_000)] = 500
    """Visual words: 500 to 1,000 for some thousand images (Csurka et al. 2004 found 1,000 enough for 1,776)."""
    sample: Annotated[int, Field(ge=1000)] = 50_000
    """Descriptors that the words are fitted on, drawn at random from all images: 100 a word."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Of the sample and of k-means."""


class Sift(Method):
    """Weighted visual words of each image, (n, 500) by default."""

    name = "sift"
    modality = "image"
    runtime = "plain"
    fits = True
    Settings = SiftSettings
    settings: SiftSettings

    def resolve(self) -> Model:
        """Fitted on the catalogue: always there."""
        name, dimensions = "RootSIFT words (OpenCV, scikit-learn)", self.settings.words
        return Model(name, "fitted on this catalogue", "Apache-2.0 (code)", dimensions=dimensions)

    def embed(self, model: Model, inputs: Inputs, progress: Progress) -> Iterator[Batch]:
        """Yield (rows, words) vectors, L2-normalised. An image without a keypoint is an Issue.

        The descriptors are kept per image (up to 64 kB each); they wait in a temporary file while the words are fitted.
        Where the words of an earlier run are kept, the vectors of its images are, too. StepFailed if no image has a
        keypoint.
        """
        kept = inputs.frozen.kept(image.sha256 for image in inputs.images())
        if kept is None:
            yield from self._fitted(inputs, progress)
            return
        results = inputs.frozen.derived(kept).results(
            inputs.images, _sha256, lambda images: [self._weighed(i, kept) for i in images], progress, ROWS
        )
        yield from per_product.batches((image, vector or _too_plain(image)) for image, vector in results)

    def _fitted(self, inputs: Inputs, progress: Progress) -> Iterator[Batch]:
        """The vectors by words that are fitted on these images."""
        ids: list[str] = []
        sizes: list[int] = []
        issues: list[Issue] = []
        with TemporaryFile(prefix="aislemap-") as spool:
            results = inputs.chunks.results(inputs.images, _sha256, self._described, progress, ROWS)
            for image, found in results:
                if isinstance(found, Issue):
                    issues.append(replace(found, product_id=image.product_id))
                elif not found:
                    issues.append(_too_plain(image))
                else:
                    ids.append(image.product_id)
                    sizes.append(len(found) // WIDTH)
                    spool.write(found)
            if not ids:
                raise StepFailed(f"sift: none of {len(issues)} images has a keypoint; look at the images.")
            spool.flush()
            yield from self._quantised(spool, ids, np.asarray(sizes), inputs.frozen)
        yield Batch([], np.zeros((0, self.settings.words), np.float32), issues=issues)

    def _described(self, images: list[ProductImage]) -> list[bytes | Issue]:
        return [self._descriptors(image) for image in images]

    def _descriptors(self, image: ProductImage) -> bytes | Issue:
        """(n, 128) descriptors of the strongest keypoints, uint8, n from 0 to `descriptors`; an Issue if unreadable."""
        import cv2
        from PIL import Image

        try:
            grey = image.open().convert("L")
        except ImageError as error:
            return Issue(image.product_id, error.problem, f"{error} It was given no vector.")
        side = self.settings.long_side
        if max(grey.size) > side:
            grey.thumbnail((side, side), Image.Resampling.BILINEAR, reducing_gap=2.0)
        sift = cv2.SIFT.create(nfeatures=self.settings.descriptors)
        keypoints, descriptors = sift.detectAndCompute(np.asarray(grey), None)
        if descriptors is None:
            return b""
        strongest = np.argsort([-k.response for k in keypoints], kind="stable")[: self.settings.descriptors]
        return bytes(descriptors[strongest].astype(np.uint8).tobytes())

    def _weighed(self, image: ProductImage, kept: Arrays) -> bytes | Issue:
        """An image's vector by kept words; no bytes if it has no keypoint, an Issue if it cannot be read."""
        found = self._descriptors(image)
        if isinstance(found, Issue) or not found:
            return found
        rooted, words = root(np.frombuffer(found, np.uint8).reshape(-1, WIDTH)), kept["words"]
        nearest = np.argmax(rooted @ words.T - (words**2).sum(axis=1) / 2, axis=1)
        return per_product.as_bytes(_weigh(np.bincount(nearest, minlength=len(words))[None], kept["rarity"]))[0]

    def _quantised(self, spool: IO[bytes], ids: list[str], sizes: NDArray[np.int64], frozen: Frozen) -> Iterator[Batch]:
        """Fit the words on a sample of the spooled descriptors, count them in every image, weigh the counts."""
        ends = np.cumsum(sizes)
        total = int(ends[-1])
        spooled = np.memmap(spool, np.uint8, "r", shape=(total, WIDTH))
        words = self._words(spooled, total)
        with TemporaryFile(prefix="aislemap-") as counted:
            images_with = np.zeros(words.n_clusters, np.int64)
            for start in range(0, len(ids), ROWS):
                of = slice(start, start + ROWS)
                nearest = words.predict(root(spooled[ends[start] - sizes[start] : ends[of][-1]]))
                owner = np.repeat(np.arange(len(sizes[of])), sizes[of])
                counts = np.zeros((len(sizes[of]), words.n_clusters), np.uint16)
                np.add.at(counts, (owner, nearest), 1)
                images_with += (counts > 0).sum(axis=0)
                counted.write(counts.tobytes())
            counted.flush()
            rarity = (np.log((1 + len(ids)) / (1 + images_with)) + 1).astype(np.float32)
            frozen.keep({"words": words.cluster_centers_, "rarity": rarity})
            counts = np.memmap(counted, np.uint16, "r", shape=(len(ids), words.n_clusters))
            for start in range(0, len(ids), ROWS):
                of = slice(start, start + ROWS)
                yield Batch(ids[of], _weigh(counts[of], rarity))

    def _words(self, spooled: NDArray[np.uint8], total: int) -> Any:
        from sklearn.cluster import MiniBatchKMeans

        random = np.random.default_rng(self.settings.seed)
        rows = np.sort(random.choice(total, min(self.settings.sample, total), replace=False))
        means = MiniBatchKMeans(
            min(self.settings.words, len(rows)), batch_size=4096, n_init=1, random_state=self.settings.seed
        )
        return means.fit(root(spooled[rows]))


def _sha256(image: ProductImage) -> str:
    return image.sha256


def _too_plain(image: ProductImage) -> Issue:
    return Issue(image.product_id, "no keypoint", "The image is too plain for SIFT; it was given no vector.")


def _weigh(counts: NDArray[Any], rarity: Vectors) -> Vectors:
    """(n, words) counts weighed, signed square root, L2: counts are not negative, so the sign is known."""
    power = np.sqrt(counts * rarity)
    weighed: Vectors = (power / np.linalg.norm(power, axis=1, keepdims=True)).astype(np.float32)
    return weighed


def root(descriptors: NDArray[np.uint8]) -> Vectors:
    """RootSIFT: (n, 128) descriptors by their sum, then the square root, so that Euclid is Hellinger's distance."""
    values = descriptors.astype(np.float32)
    rooted: Vectors = np.sqrt(values / np.maximum(values.sum(axis=1, keepdims=True), 1))
    return rooted
