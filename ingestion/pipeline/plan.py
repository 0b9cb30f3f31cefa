"""The plan of a run: which steps there are, what each needs, and the key that names its result.

catalogue ─┬─ images ─┬─ duplicates
           └─ texts ──┴─ features:<m> ─┬─ neighbours:<m> ─┬─ group_count:<m> ─┬─ clustering:<m> ─┬─ scoring:<m>
                                       ├─ map_scores:<m>  └─ projection:<m>   └─ clustering:joint  └─ descriptions:<m>
                                       └─ probes:<m>
all of scoring:<m>, probes:<m> ── verdict, suspects; verdict ── comparisons, category_verdicts

Of more than `study.sample` products a step `study_sample` follows `catalogue`, what is estimated rests on it, and
`placing:<m>` and `all_neighbours:<m>` then see to the other products (`on_sample`).
"""

import hashlib
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

from ingestion.config import Config
from ingestion.duplicates import step as duplicates
from ingestion.features import step as features
from ingestion.features.base import Method, Model
from ingestion.features.frozen import Refit
from ingestion.grouping import all_neighbours, clustering, descriptions, group_count, neighbours, projection
from ingestion.judging import (
    category_verdicts,
    comparisons,
    map_scores,
    named_groups,
    placing,
    probes,
    scoring,
    suspects,
    verdict,
)
from ingestion.pipeline.keys import listing
from ingestion.reading import catalogue as catalogue_rows
from ingestion.reading import images as image_files
from ingestion.reading import texts
from ingestion.reading.formats import suffix_of
from ingestion.reading.parquet_rows import holds_images, parts
from ingestion.study_sample import STEP as SAMPLE
from ingestion.study_sample import step as draw_sample
from ingestion.task import Step

PRIORITY_VECTORS, PRIORITY_GROUPS = 2, 1
"""Priorities: vectors before all else, then what groups them, so that no core waits at the end for the longest step."""
FALLBACK_K = 8
"""Groups of a t-SNE map in `map_scores` where there are no categories: their number only has to be the same on all."""
ESTIMATED = (
    *("neighbours", "projection", "group_count", "clustering", "map_scores", "probes"),
    *("scoring", "descriptions", "category_verdicts"),
)
"""The stages that rest on the sample of a large catalogue; those after them read what these wrote."""
JOINT = {"text": "joint-text", "text+image": "joint"}
"""What the joint graph of the methods of each modality is called where methods are named."""


def reading(config: Config, catalogue: Path, images: Path | None) -> list[Step]:
    """The steps that read the catalogue."""
    settings = config.catalogue.model_dump(mode="json")
    max_pixels, columns = settings.pop("max_pixels"), tuple(settings.pop("text"))
    sha256 = content_hash(catalogue)
    return [
        Step(
            "catalogue",
            catalogue_rows.step,
            parameters={"settings": settings, "has_images": images is not None},
            files={"sha256": sha256, "suffix": suffix_of(catalogue)},
            context={"catalogue": catalogue},
        ),
        Step(
            "images",
            image_files.step,
            needs=("catalogue",),
            parameters={"max_pixels": max_pixels},
            files={"images": sha256 if images == catalogue else listing(images) if images else None},
            context={"images": images},
        ),
        Step(
            "texts", texts.step, needs=("catalogue",), parameters={"columns": columns, "language": settings["language"]}
        ),
        Step("duplicates", duplicates.step, needs=("catalogue", "texts", "images")),
    ]


def content_hash(catalogue: Path) -> str:
    """A hash of a catalogue's content: that of its file, or of the Parquet files of its folder with their names."""
    digest = hashlib.sha256()
    for part in [catalogue] if catalogue.is_file() else parts(catalogue):
        with part.open("rb") as file:
            own = hashlib.file_digest(file, "sha256").hexdigest()
        if part == catalogue:
            return own
        digest.update(f"{part.relative_to(catalogue).as_posix()}\0{own}\n".encode())
    return digest.hexdigest()


def embedding(
    method: Method, model: Model, settings: dict[str, Any], images: Path | None, refit: Refit = "always"
) -> Step:
    """The step that makes a method's vectors; `refit` says when one that is fitted on the catalogue is fitted anew."""
    method_class = type(method)
    reads = {"text": ("texts",), "image": ("images",)}.get(method.modality, ())
    # images in the cells of the catalogue are found by their products' rows
    in_cells = ("catalogue",) if method.modality == "image" and images is not None and holds_images(images) else ()
    fitting = {"refit": refit} if method.fits and refit != "always" else {}
    return Step(
        "features",
        features.step,
        method.name,
        needs=(*reads, *in_cells, *(f"features:{name}" for name in method.needs())),
        parameters={"method_class": method_class, "settings": settings, **fitting},
        stamp={"model": [model.name, model.source, model.sha256]},
        context={"model": model, "images": images},
        runtime=method.runtime,
        code=(method_class.__module__,),
        priority=PRIORITY_VECTORS,
    )


def study(method: str, config: Config, k: int | None, categories: int | None) -> list[Step]:
    """The steps that follow a method's vectors; `categories` is how many the catalogue has, None if it has none."""
    s, vectors = config.study, f"features:{method}"
    keeping = {"refit": s.refit} if s.refit != "always" else {}
    near, maps = f"neighbours:{method}", {"reducers": s.reducers, "perplexity": s.perplexity, **keeping}
    trials = {"k": k or FALLBACK_K, "perplexities": s.map_perplexities, "seeds": s.map_seeds}
    return [
        Step(
            "neighbours",
            neighbours.step,
            method,
            (vectors,),
            parameters={"n_neighbours": s.neighbours},
            priority=PRIORITY_VECTORS,
        ),
        Step("projection", projection.step, method, (vectors, near), parameters=maps, priority=PRIORITY_GROUPS),
        Step(
            "group_count",
            group_count.step,
            method,
            (vectors, near),
            parameters={"categories": categories},
            priority=PRIORITY_GROUPS,
        ),
        Step(
            "clustering",
            clustering.step,
            method,
            needs=(vectors, near),
            uses=(f"group_count:{method}", "duplicates"),
            parameters={"k": k, "seed": s.seed, "resamples": s.resamples},
            priority=PRIORITY_GROUPS,
        ),
        Step("map_scores", map_scores.step, method, ("catalogue", vectors), parameters=trials),
        Step("probes", probes.step, method, ("catalogue", vectors, "duplicates")),
        *_judged(method, (method,)),
    ]


def naming(embedding: Step) -> Step:
    """The step that assigns products to the category names, by the encoder that made the method's vectors."""
    return replace(
        embedding,
        stage="named_groups",
        function=named_groups.step,
        needs=("catalogue", "duplicates", embedding.name),
        priority=0,
    )


def joint_groups(modalities: dict[str, str], config: Config, k: int | None, categories: int | None) -> list[Step]:
    """The groups by the joint graphs of the declared methods: of texts, and of texts and images.

    `modalities` is each method's own.
    """
    steps, s = [], config.study
    for modality, name in JOINT.items():
        wanted = {method: its for method, its in modalities.items() if its in modality.split("+")}
        methods = {method: its for method, its in wanted.items() if method in s.joint}
        if len(methods) < 2 or not set(modality.split("+")) <= set(methods.values()):
            continue  # of one method they would be its own
        protocol = {"k": k, "seed": s.seed, "resamples": s.resamples, "categories": categories}
        steps += [
            Step(
                "clustering",
                clustering.joint,
                name,
                uses=tuple(
                    f"{step}:{method}" for method in methods for step in ("features", "neighbours", "group_count")
                ),
                parameters={"modality": modality, "methods": methods, **protocol},
                priority=PRIORITY_GROUPS,
            ),
            *_judged(name, vector_sources(name, modalities, methods, config)),
        ]
    return steps


def vector_sources(joint: str, methods: Collection[str], joined: Collection[str], config: Config) -> list[str]:
    """The methods of which the first that has vectors describe the groups of a joint graph.

    Of all `methods` those of the declared order that it stands in, then those that it joins, in their declared orders.
    """
    orders = config.verdict.rests_on.values()
    near = [m for order in orders if joint in order for m in order if m in methods]
    return list(dict.fromkeys([*near, *(m for order in orders for m in order if m in joined)]))


def conclusions(methods: Collection[str], joins: dict[str, list[str]], config: Config) -> list[Step]:
    """The steps that look over all methods; `joins` names for the methods that join others' vectors which those are."""
    every = [*methods, *JOINT.values()]
    scored = tuple(f"scoring:{method}" for method in every)
    probed = tuple(f"probes:{method}" for method in methods)
    described = tuple(f"descriptions:{method}" for method in every)
    rule = {"verdict": config.verdict.model_dump(mode="json")}
    counted = (*(f"group_count:{m}" for m in methods), *(f"clustering:{joint}" for joint in JOINT.values()))
    stable = {"stable_from": config.category_verdict.stable_from}
    by_category = {**rule, "category_verdict": config.category_verdict.model_dump(mode="json")}
    seen = ("duplicates", *scored, *probed, *described)
    return [
        Step("verdict", verdict.step, None, ("catalogue",), (*scored, *probed, *counted), rule | stable),
        Step("comparisons", comparisons.step, needs=("catalogue", "duplicates", "verdict"), uses=scored),
        Step("category_verdicts", category_verdicts.step, None, ("catalogue", "verdict"), seen, by_category),
        Step("suspects", suspects.step, needs=("catalogue",), uses=probed, parameters={"joins": joins}),
    ]


def sampling(size: int) -> Step:
    """The step that draws the sample on which the study of a catalogue of more products rests."""
    return Step(SAMPLE, draw_sample, needs=("catalogue",), parameters={"size": size})


def on_sample(steps: list[Step]) -> list[Step]:
    """The steps of a study with what is estimated resting on the sample, and those that place all products."""
    resting = [replace(step, needs=(*step.needs, SAMPLE)) if step.stage in ESTIMATED else step for step in steps]
    for step in steps:
        if step.stage == "clustering":
            methods = step.parameters.get("methods", {step.method: ""})
            uses = (*(f"features:{method}" for method in methods), f"projection:{step.method}")
            parameters = {"methods": methods}
            resting.append(Step("placing", placing.step, step.method, (f"scoring:{step.method}",), uses, parameters))
        if step.stage == "neighbours":
            resting.append(Step("all_neighbours", all_neighbours.step, step.method, (f"features:{step.method}",)))
    return resting


def _judged(method: str, sources: Collection[str]) -> list[Step]:
    """The steps after a method's groups; they use the vectors of the first source that has any."""
    parameters = {"vector_sources": list(sources)}
    vectors, groups = tuple(f"features:{source}" for source in sources), f"clustering:{method}"
    near = tuple(f"neighbours:{source}" for source in sources)
    return [
        Step("scoring", scoring.step, method, ("catalogue", "duplicates", groups), (*vectors, *near), parameters),
        Step(
            "descriptions", descriptions.step, method, ("catalogue", "texts", "duplicates", groups), vectors, parameters
        ),
    ]
