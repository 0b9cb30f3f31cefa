"""The plan of a run: which steps there are, what each needs, and the key that names its result.

catalogue ─┬─ images ─┬─ duplicates ─────────────────┬───────────────┐
           └─ texts ──┴─ features:<m> ─┬─ projection:<m> ─ clustering:<m> ─ scoring:<m> ─ descriptions:<m>
                                       ├─ probes:<m>             │
                                       ├─ map_scores:<m>         └─ clustering:consensus ─ scoring:consensus ...
                                       └─ group_count:<m>
all of scoring:<m>, probes:<m> ── comparisons, verdict, category_verdicts, suspects
"""

import hashlib
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

from ingestion.config import Config
from ingestion.features.base import Method, Model
from ingestion.pipeline.keys import listing
from ingestion.task import Step

CONSENSUS = {"text": "consensus-text", "image": "consensus-image", "text+image": "consensus"}
"""What the consensus over the methods of each kind is called where methods are named."""


def reading(config: Config, catalogue: Path, images: Path | None) -> list[Step]:
    """The steps that read the catalogue."""
    settings = config.catalogue.model_dump(mode="json")
    pixels, text = settings.pop("max_pixels"), settings.pop("text")
    with catalogue.open("rb") as file:
        stamp = hashlib.file_digest(file, "sha256").hexdigest()
    where = {"catalogue": str(catalogue), "images": str(images) if images else None}
    return [
        Step(
            "catalogue",
            "ingestion.reading.catalogue:step",
            parameters={"sha256": stamp, "suffix": catalogue.suffix, "settings": settings, "images": bool(images)},
            context=where,
        ),
        Step(
            "images",
            "ingestion.reading.images:step",
            needs=("catalogue",),
            parameters={"files": listing(images) if images else None, "max_pixels": pixels},
            context=where,
        ),
        Step("texts", "ingestion.reading.texts:step", needs=("catalogue",), parameters={"columns": text}),
        Step("duplicates", "ingestion.duplicates.step:step", needs=("catalogue", "texts", "images")),
    ]


def embedding(method: Method, model: Model, settings: dict[str, Any], images: Path | None) -> Step:
    """The step that makes a method's vectors."""
    kind = type(method)
    reads = {"text": ("texts",), "image": ("images",)}.get(method.modality, ())
    return Step(
        f"features:{method.name}",
        "ingestion.features.step:step",
        needs=(*reads, *(f"features:{name}" for name in method.needs())),
        parameters={
            "class": f"{kind.__module__}:{kind.__qualname__}",
            "settings": settings,
            "model": [model.name, model.source, model.sha256],
        },
        context={"model": model, "images": str(images) if images else None},
        runtime=method.runtime,
        code=(kind.__module__,),
    )


def study(method: str, config: Config, k: int) -> list[Step]:
    """The steps that follow a method's vectors."""
    s = config.study
    features, name = f"features:{method}", {"method": method}
    return [
        Step(
            f"projection:{method}",
            "ingestion.grouping.projection:step",
            needs=(features,),
            parameters={**name, "reducers": s.reducers, "perplexity": s.perplexity, "neighbours": s.neighbours},
        ),
        Step(
            f"clustering:{method}",
            "ingestion.grouping.clustering:step",
            needs=(features, f"projection:{method}"),
            parameters={**name, "k": k, "seeds": s.seeds, **_manifold(config)},
        ),
        Step(
            f"map_scores:{method}",
            "ingestion.judging.map_scores:step",
            needs=("catalogue", features),
            parameters={**name, "k": k, "perplexities": s.map_perplexities, "seeds": s.map_seeds},
        ),
        Step(
            f"probes:{method}",
            "ingestion.judging.probes:step",
            needs=("catalogue", features, "duplicates"),
            parameters=name,
        ),
        Step(
            f"group_count:{method}",
            "ingestion.grouping.group_count:step",
            needs=("catalogue", features),
            parameters=name,
        ),
        *_judged(method, (method,)),
    ]


def naming(embedding: Step) -> Step:
    """The step that puts products to the category names, by the encoder that made the method's vectors."""
    method = embedding.name.removeprefix("features:")
    parameters = {key: embedding.parameters[key] for key in ("class", "settings", "model")}
    return replace(
        embedding,
        name=f"named_groups:{method}",
        function="ingestion.judging.named_groups:step",
        needs=("catalogue", "duplicates", embedding.name),
        parameters={"method": method, **parameters},
    )


def together(kinds: dict[str, str], config: Config, k: int) -> list[Step]:
    """The consensus over text methods, over image methods, and over these together; `kinds` is each one's modality.

    A method that joins others, as `fusion`, is no member, for its members are; it may lend its vectors.
    """
    steps = []
    for modality, name in CONSENSUS.items():
        joined = {method: kind for method, kind in kinds.items() if kind in modality.split("+")}
        if not set(modality.split("+")) <= set(joined.values()):
            continue
        steps += [
            Step(
                f"clustering:{name}",
                "ingestion.grouping.ensemble:step",
                uses=tuple(f"{step}:{method}" for method in joined for step in ("features", "clustering")),
                parameters={
                    "method": name,
                    "modality": modality,
                    "methods": joined,
                    "k": k,
                    "seeds": config.study.seeds,
                    **_manifold(config),
                },
            ),
            *_judged(name, lenders(name, kinds, joined, config)),
        ]
    return steps


def lenders(consensus: str, methods: Collection[str], joined: Collection[str], config: Config) -> list[str]:
    """The methods of which the first that has vectors lends them to a consensus.

    Of all `methods` those of the declared order that it stands in, then those that it joined, in their declared orders.
    """
    orders = config.verdict.rests_on.values()
    near = [m for order in orders if consensus in order for m in order if m in methods]
    return list(dict.fromkeys([*near, *(m for order in orders for m in order if m in joined)]))


def conclusions(methods: Collection[str], joins: dict[str, list[str]], config: Config) -> list[Step]:
    """The steps that look over all methods; `joins` names for the methods that join others' vectors which those are."""
    every = [*methods, *CONSENSUS.values()]
    scored = tuple(f"scoring:{method}" for method in every)
    probed = tuple(f"probes:{method}" for method in methods)
    described = tuple(f"descriptions:{method}" for method in every)
    rule = config.verdict.model_dump(mode="json")
    by_category = config.category_verdict.model_dump(mode="json")
    return [
        Step("comparisons", "ingestion.judging.comparisons:step", needs=("catalogue", "duplicates"), uses=scored),
        Step(
            "verdict",
            "ingestion.judging.verdict:step",
            needs=("catalogue",),
            uses=(*scored, *probed),
            parameters={"verdict": rule},
        ),
        Step(
            "category_verdicts",
            "ingestion.judging.category_verdicts:step",
            needs=("catalogue",),
            uses=("duplicates", *scored, *probed, *described),
            parameters={"verdict": rule, "category_verdict": by_category},
        ),
        Step(
            "suspects",
            "ingestion.judging.suspects:step",
            needs=("catalogue",),
            uses=probed,
            parameters={"joins": joins},
        ),
    ]


def _judged(method: str, lenders: Collection[str]) -> list[Step]:
    """The steps after a method's groups; the vectors of the first lender that has any say what is near what."""
    parameters = {"method": method, "lenders": list(lenders)}
    features = tuple(f"features:{lender}" for lender in lenders)
    return [
        Step(
            f"scoring:{method}",
            "ingestion.judging.scoring:step",
            needs=("catalogue", "duplicates", f"clustering:{method}"),
            uses=features,
            parameters=parameters,
        ),
        Step(
            f"descriptions:{method}",
            "ingestion.grouping.descriptions:step",
            needs=("catalogue", "texts", "duplicates", f"scoring:{method}"),
            uses=features,
            parameters=parameters,
        ),
    ]


def _manifold(config: Config) -> dict[str, int]:
    return {"dimensions": config.study.manifold_dimensions, "neighbours": config.study.neighbours}
