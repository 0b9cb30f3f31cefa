"""The plan: what goes into a step's key, and what does not."""

import inspect
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingestion.config import Config
from ingestion.features.base import Model
from ingestion.pipeline import keys, plan
from ingestion.pipeline.ingest import chosen
from ingestion.pipeline.keys import key, listing, recipe
from ingestion.task import Step
from store.parts import File, Part
from tests.fakes import FakeSettings, FakeText

JOINING = Config.model_validate({"study": {"joint": ["a", "b", "p", "m", "n"]}})
MODEL = Model("words", "here", "none", "ab" * 32)


def part(step: str = "texts", **tables: str) -> Part:
    """A part whose tables have these hashes."""
    files = {table: File(f"parts/k/{table}.parquet", 1, 1, sha) for table, sha in tables.items()}
    return Part(f"key-of-{step}", step, 0.0, 0.0, files)


def embedding(model: Model = MODEL, images: Path | None = None, **settings: Any) -> Step:
    method = FakeText(FakeSettings(**settings))
    return plan.embedding(method, model, method.settings.model_dump(mode="json"), images)


@pytest.fixture
def shop(tmp_path: Path) -> tuple[Path, Path]:
    """A catalogue and its folder of images."""
    (tmp_path / "images").mkdir()
    (tmp_path / "images/1.png").write_bytes(b"one")
    (tmp_path / "c.csv").write_text("id,name\n1,mug\n")
    return tmp_path / "c.csv", tmp_path / "images"


def concluding(config: Config, *methods: str) -> dict[str, Step]:
    """The steps that look over all methods, by name."""
    return {step.name: step for step in plan.conclusions(methods, {}, config)}


def reading(shop: tuple[Path, Path | None], config: Config | None = None) -> dict[str, str]:
    """The keys of the reading steps, were their parts always the same."""
    parts = {"catalogue": part("catalogue", products="1")}
    return {s.name: key(s, parts if s.needs else {}) for s in plan.reading(config or Config(), *shop)}


def test_a_key_is_32_hexadecimal_digits_and_the_same_each_time() -> None:
    parts = {"texts": part(texts="1")}
    assert key(embedding(), parts) == key(embedding(), parts)
    assert len(key(embedding(), parts)) == len(bytes.fromhex(key(embedding(), parts))) * 2 == 32


def test_a_key_changes_with_the_parameters() -> None:
    assert key(embedding(dimensions=16), {}) != key(embedding(dimensions=17), {})


def test_a_key_changes_with_the_model() -> None:
    assert key(embedding(), {}) != key(embedding(replace(MODEL, sha256="cd" * 32)), {})


def test_a_key_changes_with_the_content_of_what_is_read() -> None:
    assert key(embedding(), {"texts": part(texts="1")}) != key(embedding(), {"texts": part(texts="2")})


def test_a_key_changes_with_what_is_there_to_read() -> None:
    verdict = concluding(Config(), "a", "b")["verdict"]
    one, two = part("scoring:a", scores="1"), part("scoring:b", scores="1")
    keys = {key(verdict, {p.step: p for p in there}) for there in ([], [one], [two], [one, two])}
    assert len(keys) == 4


def test_a_key_does_not_change_with_the_issues_of_what_is_read() -> None:
    known = {"texts": part(texts="1", issues="1")}
    assert key(embedding(), known) == key(embedding(), {"texts": part(texts="1", issues="2")})
    assert key(embedding(), known) == key(embedding(), {"texts": part(texts="1")})


def test_a_key_does_not_change_with_the_cost_of_what_is_read() -> None:
    cheap = part(texts="1")
    assert key(embedding(), {"texts": cheap}) == key(embedding(), {"texts": replace(cheap, seconds=9.0, peak_mb=9.0)})


def test_a_key_does_not_change_with_where_things_lie(shop: tuple[Path, Path], tmp_path: Path) -> None:
    assert key(embedding(images=shop[1]), {}) == key(embedding(images=tmp_path / "elsewhere"), {})
    assert key(embedding(), {}) == key(embedding(replace(MODEL, weights=tmp_path)), {})
    moved = tmp_path / "moved"
    moved.mkdir()
    shutil.copy2(shop[0], moved / "c.csv")
    shutil.copytree(shop[1], moved / "images")
    assert reading((moved / "c.csv", moved / "images")) == reading(shop)


def test_a_changed_catalogue_has_a_new_key_its_readers_do_not(shop: tuple[Path, Path]) -> None:
    before = reading(shop)
    shop[0].write_text("id,name\n1,cup\n")
    after = reading(shop)
    assert after["catalogue"] != before["catalogue"]
    assert (after["images"], after["texts"]) == (before["images"], before["texts"])  # they read what it wrote


@pytest.mark.parametrize("change", ["new", "gone", "grown", "touched"])
def test_a_changed_image_makes_the_images_be_read_again(shop: tuple[Path, Path], change: str) -> None:
    before, image = reading(shop), shop[1] / "1.png"
    if change == "new":
        (shop[1] / "sub").mkdir()
        (shop[1] / "sub/2.png").write_bytes(b"two")
    elif change == "gone":
        image.unlink()
    elif change == "grown":
        image.write_bytes(b"more")
    else:
        os.utime(image, ns=(1, 1))
    after = reading(shop)
    assert after["images"] != before["images"]
    assert (after["catalogue"], after["texts"]) == (before["catalogue"], before["texts"])


def test_a_listing_names_files_by_their_place_in_the_folder(tmp_path: Path) -> None:
    for name in ("a/b.png", "ab.png", os.fsdecode(b"\xe9.png")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, ns=(1, 1))
    before = listing(tmp_path)
    (tmp_path / "ab.png").rename(tmp_path / "a/ab.png")
    assert listing(tmp_path) != before


@pytest.mark.parametrize(
    ("changed", "stale"),
    [
        ({"category_level": 2}, {"catalogue"}),
        ({"columns": {"name": "title"}}, {"catalogue"}),
        ({"max_pixels": 1000}, {"images"}),
        ({"text": ("name",)}, {"texts"}),
    ],
)
def test_a_setting_makes_stale_the_steps_that_use_it(
    shop: tuple[Path, Path], changed: dict[str, Any], stale: set[str]
) -> None:
    before, after = reading(shop), reading(shop, Config.model_validate({"catalogue": changed}))
    assert {name for name in before if before[name] != after[name]} == stale


def test_other_thresholds_make_the_verdicts_stale_only() -> None:
    strict = Config.model_validate({"verdict": {"feasible_accuracy": 0.9}})
    modalities = {"m": "text", "n": "image"}
    assert plan.study("m", strict, 7, 7) == plan.study("m", Config(), 7, 7)
    assert plan.joint_groups(modalities, strict, 7, 7) == plan.joint_groups(modalities, Config(), 7, 7)
    before, after = concluding(Config(), "m"), concluding(strict, "m")
    stale = {name for name in before if key(before[name], {}) != key(after[name], {})}
    assert stale == {"verdict", "category_verdicts"}


def replace_modules(folder: Path, monkeypatch: pytest.MonkeyPatch, **modules: str) -> None:
    """Put a package `ingestion` of these modules in the place of ours."""
    for name, source in modules.items():
        (folder / "ingestion" / f"{name}.py").parent.mkdir(exist_ok=True)
        (folder / "ingestion" / f"{name}.py").write_text(source)
    monkeypatch.setattr(keys, "PROJECT", folder)
    forget_modules()


def forget_modules() -> None:
    """Let the next key be made of the modules as they are then."""
    keys.code_hash.cache_clear()
    keys._source.cache_clear()


@pytest.fixture
def hash_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """The code hash of `ingestion.step` in a project of these modules."""

    def hashed(**modules: str) -> str:
        replace_modules(tmp_path, monkeypatch, **modules)
        return keys.code_hash("ingestion.step")

    yield hashed
    forget_modules()


def test_the_code_of_a_step_and_of_all_it_imports_counts(hash_of) -> None:  # type: ignore[no-untyped-def]
    step = "from ingestion import near\n\ndef step(work):\n    from ingestion.far import deep\n"
    code = {"step": step, "near": "import ingestion.nearer", "nearer": "a = 1", "far": "deep = 1", "aside": "b = 1"}
    first = hash_of(**code)
    assert hash_of(**code) == first
    assert hash_of(**code | {"step": step + "#"}) != first
    assert hash_of(**code | {"nearer": "a = 2"}) != first
    assert hash_of(**code | {"far": "deep = 2"}) != first
    assert hash_of(**code | {"aside": "b = 2"}) == first


def test_a_recipe_leaves_out_the_files_that_are_read_and_a_key_does_not() -> None:
    step = Step("images", len, parameters={"max_pixels": 9}, files={"images": "a"})
    other = replace(step, files={"images": "b"})
    assert keys.recipe(step) == keys.recipe(other) != keys.recipe(replace(step, parameters={"max_pixels": 8}))
    assert keys.key(step, {}) != keys.key(other, {})


def test_a_run_without_a_change_imports_no_package_of_a_step_or_method() -> None:
    packages = ("torch", "tensorflow", "keras", "sklearn", "scipy", "numba", "cv2", "gensim", "ftfy", "simplemma")
    code = f"import sys, ingestion.console; sys.exit(', '.join(p for p in {packages} if p in sys.modules))"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, text=True).stderr.strip() == ""
    )


def test_modules_that_import_each_other_have_a_hash(hash_of) -> None:  # type: ignore[no-untyped-def]
    code = {"step": "from ingestion import other", "other": "from ingestion import step"}
    assert hash_of(**code) != hash_of(**code | {"other": "from ingestion import step  # new"})


def test_the_versions_of_the_packages_it_uses_count(  # type: ignore[no-untyped-def]
    hash_of, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = hash_of(step="import numpy.linalg")
    keys._versions.cache_clear()
    monkeypatch.setattr("importlib.metadata.version", lambda name: "99")
    try:
        assert hash_of(step="import numpy.linalg") != first
        assert hash_of(step="import json") == keys.code_hash("ingestion.step")
    finally:
        keys._versions.cache_clear()


def everything(modalities: dict[str, str], config: Config | None = None) -> dict[str, Step]:
    """The steps after the vectors of these methods, by name."""
    chosen = config or JOINING
    steps = [step for method in modalities for step in plan.study(method, chosen, 7, 7)]
    steps += [*plan.joint_groups(modalities, chosen, 7, 7), *plan.conclusions(modalities, {}, chosen)]
    return {step.name: step for step in steps}


def test_every_step_has_the_parameters_its_function_declares(shop: tuple[Path, Path]) -> None:
    steps = [*plan.reading(Config(), *shop), *everything({"m": "text", "n": "image"}).values(), embedding()]
    for step in [*steps, plan.naming(embedding())]:
        inspect.signature(step.function).bind(None, **step.arguments)  # TypeError for one that it does not declare


def test_grouping_steps_read_no_step_that_reads_categories() -> None:
    steps = everything({"m": "text", "n": "image", "both": "text+image"})
    grouping = [step for step in steps.values() if step.stage in ("projection", "clustering", "group_count")]
    assert len(grouping) == 3 + 3 + 1 + 3
    for step in grouping:
        read = {name.split(":")[0] for name in (*step.needs, *step.uses)}
        assert read <= {"features", "neighbours", "group_count", "duplicates"}, step.name


def on_sample(modalities: dict[str, str]) -> dict[str, Step]:
    """The steps after the vectors of these methods of a large catalogue, by name."""
    return {step.name: step for step in plan.on_sample(list(everything(modalities).values()))}


def test_what_is_estimated_rests_on_the_sample() -> None:
    steps = on_sample({"m": "text", "n": "image", "fusion": "text+image"})
    resting = {step.stage for step in steps.values() if "study_sample" in step.needs}
    assert resting == set(plan.ESTIMATED)
    assert {step.stage for step in steps.values()} - resting == {
        *("placing", "all_neighbours", "verdict", "comparisons", "suspects"),
    }
    for step in steps.values():
        inspect.signature(step.function).bind(None, **step.arguments)


def test_products_are_placed_by_their_vectors_and_the_maps() -> None:
    steps = on_sample({"m": "text", "n": "image"})
    assert set(steps["placing:joint"].uses) == {"features:m", "features:n", "projection:joint"}
    assert steps["placing:joint"].parameters["methods"] == {"m": "text", "n": "image"}
    assert set(steps["placing:m"].uses) == {"features:m", "projection:m"}
    assert steps["all_neighbours:m"].needs == ("features:m",)


def test_the_sample_is_drawn_before_anything_is_grouped() -> None:
    step = plan.sampling(77)
    assert (step.name, step.needs, step.arguments) == ("study_sample", ("catalogue",), {"size": 77})


def test_every_step_that_is_needed_is_planned(shop: tuple[Path, Path]) -> None:
    modalities = {"m": "text", "n": "image"}
    planned = {step.name for step in plan.reading(Config(), *shop)} | {f"features:{method}" for method in modalities}
    for step in everything(modalities).values():
        assert planned.issuperset(step.needs), step.name
        planned.add(step.name)


def test_fusion_is_not_in_the_joint_graph_but_its_vector_source() -> None:
    modalities = {"a": "text", "p": "image", "fusion": "text+image"}
    steps = {step.name: step for step in plan.joint_groups(modalities, JOINING, 7, 7)}
    assert "fusion" not in steps["clustering:joint"].parameters["methods"]
    assert steps["scoring:joint"].uses[0] == "features:fusion"


@pytest.mark.parametrize(
    ("modalities", "joined"),
    [
        ({}, {}),
        ({"a": "text"}, {}),
        ({"a": "text", "b": "text"}, {"joint-text": {"a", "b"}}),
        ({"p": "image"}, {}),
        (
            {"a": "text", "p": "image", "other": "image", "f": "text+image"},
            {"joint": {"a", "p"}},
        ),
    ],
)
def test_the_declared_methods_are_joined(modalities: dict[str, str], joined: dict[str, set[str]]) -> None:
    steps = [step for step in plan.joint_groups(modalities, JOINING, 7, 7) if step.stage == "clustering"]
    assert {step.method: set(step.parameters["methods"]) for step in steps} == joined
    for step in steps:
        parts = ("features", "neighbours", "group_count")
        uses = {f"{part}:{method}" for part in parts for method in step.parameters["methods"]}
        assert set(step.uses) == uses
        assert not step.needs  # one method that fails does not take the joint graph with it


def test_joint_groups_use_the_vectors_of_the_first_declared() -> None:
    config = Config.model_validate(
        {"study": {"joint": ["b", "c"]}, "verdict": {"rests_on": {"text": ["joint-text", "a", "b"]}}}
    )
    steps = {step.name: step for step in plan.joint_groups({"b": "text", "c": "text"}, config, 7, 7)}
    assert steps["scoring:joint-text"].uses == ("features:b", "neighbours:b")
    assert steps["descriptions:joint-text"].parameters["vector_sources"] == ["b"]


def test_vector_sources_are_the_declared_order_then_the_joined() -> None:
    orders = {"text": ["joint-text", "a", "b"], "image": ["p"], "text+image": ["joint", "f"]}
    config = Config.model_validate({"verdict": {"rests_on": orders}})
    assert plan.vector_sources("joint-text", ["p", "c", "b", "a"], ["b", "a", "c"], config) == ["a", "b"]
    assert plan.vector_sources("joint", ["f", "p", "b", "a"], ["p", "b", "a"], config) == ["f", "a", "b", "p"]
    assert plan.vector_sources("joint-text", ["c"], ["c"], config) == []


def test_the_conclusions_read_the_scores_of_all_methods() -> None:
    uses = set(concluding(Config(), "m", "n")["verdict"].uses)
    scored = {f"scoring:{name}" for name in ("m", "n", "joint-text", "joint")}
    estimated = {"group_count:m", "group_count:n", "clustering:joint-text", "clustering:joint"}
    assert uses == scored | estimated | {"probes:m", "probes:n"}


def test_vectors_of_a_gpu_have_another_recipe() -> None:
    def recipe_with(methods: dict[str, Any], **engine: Any) -> str:
        settings = {"study": {"methods": ["bert"], "joint": ["bert"]}, "methods": methods, "engine": engine}
        (bert,) = chosen(Config.model_validate(settings))
        return recipe(plan.embedding(bert, MODEL, bert.settings.model_dump(mode="json"), None))

    here = recipe_with({})
    assert recipe_with({}, runs_on="ray", gpus={"bert": 0}) == here
    assert recipe_with({"bert": {"device": "cpu"}}, runs_on="ray", gpus={"bert": 1}) == here
    on_gpu = recipe_with({}, runs_on="ray", gpus={"bert": 1})
    assert on_gpu == recipe_with({"bert": {"device": "cuda"}}) != here
