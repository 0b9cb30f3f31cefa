"""`glove`: pretrained word vectors (Pennington, Socher & Manning 2014), looked up.

No vectors are embedded: the smallest set is 66 MB. A file is read line by line and only the words of the
catalogue are kept, so memory is that of the catalogue's vocabulary, not of the file.
"""

import contextlib
import gzip
import io
import os
import socket
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import IO, Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ingestion.features import documents, per_product, weights
from ingestion.features.bag_of_words import no_known_word
from ingestion.features.base import Batch, Inputs, Method, Model, Text
from ingestion.features.weights import SHA256
from ingestion.task import Progress
from store.errors import MethodUnavailable

REMEDY = (
    "Give a file of word vectors (GloVe's or word2vec's format, also .gz) in [methods.glove] weights, or name a model "
    "of gensim's downloader in [methods.glove] model, as 'glove-wiki-gigaword-100'."
)
STALL_SECONDS = 30.0
"""Without data for so long, a download is given up."""


class GloveSettings(documents.PoolingSettings):
    """Settings of `glove`."""

    weights: Path | None = None
    """A file of word vectors: GloVe's text, word2vec's text or word2vec's binary format, plain or .gz."""
    model: Annotated[str | None, Field(min_length=1, pattern=r"^[\w.-]+$")] = None
    """A model of gensim's downloader (`gensim.downloader.info()` lists them), fetched at first use."""
    sha256: Annotated[str | None, Field(pattern=SHA256)] = None
    """The fingerprint of the weights, as `aislemap models` and the table `models` show it: others are not loaded."""


class Glove(Method):
    """Pretrained word vectors of the clean text, pooled by `documents`."""

    name = "glove"
    modality = "text"
    runtime = "plain"
    Settings = GloveSettings
    settings: GloveSettings

    def resolve(self) -> Model:
        """A path that was given, else a downloader's model that was named."""
        if self.settings.weights:
            path = weights.existing(self.name, self.settings.weights)
            name = self.settings.model or path.name
            found = weights.on_disk(name, f"path {path}", weights.UNKNOWN, path)
            return weights.pinned(self.name, found, self.settings.sha256)
        if self.settings.model is None:
            raise MethodUnavailable("No word vectors are configured for glove, and none are embedded.", REMEDY)
        kept = Path(os.environ.get("GENSIM_DATA_DIR", "~/gensim-data")).expanduser() / self.settings.model
        path = kept / f"{self.settings.model}.gz"
        if path.exists():
            found = weights.on_disk(self.settings.model, "gensim downloader", weights.UNKNOWN, path)
            return weights.pinned(self.name, found, self.settings.sha256)
        return Model(self.settings.model, "gensim downloader", weights.UNKNOWN)

    def embed(self, model: Model, inputs: Inputs, progress: Progress) -> Iterator[Batch]:
        """Yield (rows, d) vectors, L2-normalised. MethodUnavailable if the file is none of word vectors.

        Without `smoothing` a vector depends on its own text alone, and is kept for the next run. The file is read only
        if a text is new, and then once for all words.
        """

        @cache
        def words() -> dict[str, NDArray[np.float32]]:
            vocabulary = {word for text in inputs.texts() for word in text.clean.split()}
            found = read_vectors(model.weights or self._download(model.name), vocabulary)
            if not found:
                raise documents.none_known(len(vocabulary))
            return found

        def pool(texts: list[Text]) -> list[bytes]:
            batch = documents.pooled(texts, words())
            vectors = dict(zip(batch.product_ids, per_product.as_bytes(batch.vectors), strict=True))
            return [vectors.get(text.product_id, b"") for text in texts]

        if self.settings.smoothing is not None:
            yield from documents.embed(self.settings, words().get, inputs, progress)
            return
        results = inputs.chunks.results(inputs.texts, lambda text: text.clean, pool, progress)
        found = ((text, vector or no_known_word(text.product_id)) for text, vector in results)
        yield from per_product.batches(found)

    def _download(self, model: str) -> Path:
        """Fetch by gensim's downloader and return the file; the code it fetches along with it is not run."""
        from gensim import downloader

        weights.require_hub(self.name, model, downloader.DATA_LIST_URL)
        before = socket.getdefaulttimeout()
        socket.setdefaulttimeout(STALL_SECONDS)
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                path = Path(downloader.load(model, return_path=True))
        except (OSError, ValueError) as error:
            raise MethodUnavailable(f"gensim's downloader cannot fetch {model!r} ({error}).", REMEDY) from error
        finally:
            socket.setdefaulttimeout(before)
        if self.settings.sha256 is not None:
            weights.pinned(self.name, weights.on_disk(model, "", "", path), self.settings.sha256)
        return path


def read_vectors(path: Path, vocabulary: set[str]) -> dict[str, NDArray[np.float32]]:
    """The vectors of the words of `vocabulary` that stand in the file, whose format its first lines show.

    GloVe's text has no head; word2vec's begins with '<words> <dimensions>', and its binary form is read whole, by
    gensim. MethodUnavailable if it is none of them.
    """
    try:
        with _opened(path) as file:
            head = file.readline().split()
            if len(head) == 2:
                dimensions, start = int(head[1]), file.tell()
                if not _is_row(file.readline(), dimensions):
                    return _binary(path, vocabulary)
                file.seek(start)
            else:
                dimensions = len(head) - 1
                if dimensions < 2 or not _is_row(b" ".join(head), dimensions):
                    raise ValueError("its first line is no word with its figures")
                file.seek(0)
            return _text(file, dimensions, vocabulary)
    except (ValueError, EOFError, OSError) as error:
        raise MethodUnavailable(
            f"{path} cannot be read as word vectors ({error}); a pickled gensim object is not loaded.", REMEDY
        ) from error


def _opened(path: Path) -> IO[bytes]:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _is_row(line: bytes, dimensions: int) -> bool:
    """Whether the line is a word and `dimensions` figures in text."""
    try:
        return len([float(x) for x in line.split()[1:]]) == dimensions
    except ValueError:
        return False


def _text(file: IO[bytes], dimensions: int, vocabulary: set[str]) -> dict[str, NDArray[np.float32]]:
    """From the right: the 840B set of GloVe has words with spaces in them."""
    found: dict[str, NDArray[np.float32]] = {}
    for number, line in enumerate(file, 1):
        parts = line.rstrip().rsplit(b" ", dimensions)
        if len(parts) != dimensions + 1:
            raise ValueError(f"row {number} has not {dimensions} figures")
        word = parts[0].decode("utf-8", errors="replace")
        if word in vocabulary and word not in found:
            found[word] = np.array(parts[1:], dtype=np.float32)
    return found


def _binary(path: Path, vocabulary: set[str]) -> dict[str, NDArray[np.float32]]:
    from gensim.models import KeyedVectors

    vectors = KeyedVectors.load_word2vec_format(str(path), binary=True, unicode_errors="replace")
    return {word: vectors[word] for word in vocabulary if word in vectors}
