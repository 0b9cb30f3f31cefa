"""The configuration: what is wrong is named, with its place, its value and what to do."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from ingestion.cli import override
from ingestion.config import Config, Verdict, load
from ingestion.features import registry
from store.errors import ConfigError


def read(folder: Path, text: str) -> Config:
    (folder / "aislemap.toml").write_text(text)
    return load(folder / "aislemap.toml")


def test_no_file_means_the_defaults() -> None:
    assert load(None) == Config()


def test_what_the_file_does_not_say_keeps_its_default(tmp_path: Path) -> None:
    config = read(tmp_path, "[study]\nseed = 3\n[methods.bert]\nbatch = 8\n")
    assert (config.study.seed, config.study.perplexity) == (3, Config().study.perplexity)
    assert config.methods == {"bert": {"batch": 8}}
    assert config.verdict == Config().verdict


def test_jobs_are_read_in_order(tmp_path: Path) -> None:
    job = '[[jobs]]\nname = "{}"\ncron = "0 6 * * *"\ncatalogue = "c.csv"\nstore = "s"\n'
    config = read(tmp_path, job.format("morning") + job.format("evening"))
    assert [(j.name, j.timezone, j.images) for j in config.jobs] == [("morning", "UTC", None), ("evening", "UTC", None)]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        pytest.param(
            "[study]\nseeds = 3", ["study.seeds", "3", "no such setting; did you mean seed?"], id="unknown key"
        ),
        pytest.param("[studies]\nk = 3", ["studies", "no such setting; did you mean study?"], id="unknown table"),
        pytest.param("[study]\nk = 1", ["study.k", "1", "greater than or equal to 2"], id="too small"),
        pytest.param("[study]\nseed = 'five'", ["study.seed", "five", "integer"], id="not a number"),
        pytest.param("[verdict]\nfeasible_accuracy = 1.5", ["verdict.feasible_accuracy", "1.5"], id="too large"),
        pytest.param("[limits]\nmemory_mb = 1", ["limits.memory_mb", "256"], id="below the least"),
        pytest.param("[[jobs]]\nname = 'x'", ["jobs.0.catalogue", "jobs.0.store"], id="missing keys"),
        pytest.param(
            "[[jobs]]\nname = 'x'\ncatalogue = 'c'\nstore = 's'",
            ["'x'", "neither cron nor watch"],
            id="a job with no time",
        ),
        pytest.param("[study]\nk = 1\nseed = -1", ["study.k", "study.seed"], id="two at once"),
        pytest.param(
            "[engine]\naddress = 'head:6379'",
            ["the address head:6379 is that of a Ray cluster; add runs_on = 'ray' (--engine ray)"],
            id="an address of no cluster",
        ),
        pytest.param(
            "[engine]\nruns_on = 'ray'\naddress = 'ray://head:10001'",
            ["engine.address", "ray://head:10001", "host:port of the head"],
            id="an address of a Ray client",
        ),
        pytest.param("[engine]\ngpus = {bert = 1}", ["'bert': 1", "add runs_on = 'ray'"], id="GPUs of no cluster"),
        pytest.param(
            "[engine]\nruns_on = 'ray'\ngpus = {bert = -1}", ["engine.gpus.bert", "-1"], id="fewer GPUs than none"
        ),
        pytest.param(
            "[engine]\nruns_on = 'ray'\ngpus = {tfidf = 1}", ["engine.gpus.tfidf", "'bert'"], id="a GPU for no encoder"
        ),
        pytest.param(
            "[engine]\nruns_on = 'ray'\ngpus = {bert = 1.5}", ["a part of one GPU", "1.5"], id="one GPU and a half"
        ),
    ],
)
def test_a_bad_setting_is_named_with_its_value(tmp_path: Path, text: str, named: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    for part in ("aislemap.toml", *named):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        pytest.param("[verdict]\nmetric = 'accurracy'", ["verdict.metric", "accurracy", "ari"], id="metric"),
        pytest.param("[verdict]\ngrouping = 'plane'", ["verdict.grouping", "plane", "manifold"], id="grouping"),
        pytest.param("[verdict]\ngrouping = 'estimated_k'", ["estimated_k", "embedding"], id="not one to be judged"),
        pytest.param("[study]\nreducers = ['mds']", ["study.reducers", "mds", "tsne"], id="reducer"),
        pytest.param(
            "[verdict]\ninfeasible_accuracy = 0.9", ["infeasible_accuracy", "0.9", "feasible_accuracy"], id="thresholds"
        ),
    ],
)
def test_an_unknown_name_is_refused_with_a_list(tmp_path: Path, text: str, named: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    for part in named:
        assert part in str(caught.value)


def test_a_file_that_is_not_toml_is_named_with_the_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"aislemap\.toml is not TOML: .*line 2"):
        read(tmp_path, "[study]\nseeds == 3\n")


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "aislemap.toml").write_bytes(b"[catalogue]\ncategory_separator = '\xbb'\n")
    with pytest.raises(ConfigError, match=r"aislemap\.toml is not UTF-8"):
        load(tmp_path / "aislemap.toml")


def test_a_file_that_is_not_there_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml cannot be read .*check the path"):
        load(tmp_path / "none.toml")


@pytest.mark.parametrize("name", registry.METHODS)
def test_an_unknown_setting_of_a_method_is_refused_with_a_list(name: str) -> None:
    with pytest.raises(ConfigError, match=rf"methods\.{name}") as caught:
        registry.build(name, {"colour": "blue"})
    assert all(word in str(caught.value) for word in ("colour = 'blue'", *registry.METHODS[name].Settings.model_fields))


def test_an_unknown_method_is_refused_with_a_list() -> None:
    with pytest.raises(ConfigError, match=r"no method 'gpt'\. There are count, tfidf"):
        registry.build("gpt", {})


def test_a_verdict_that_nothing_could_rest_on_is_refused() -> None:
    with pytest.raises(ValidationError, match="no scope 'txt'"):
        Verdict.model_validate({"rests_on": {"txt": ("bert",)}})


@pytest.mark.parametrize(
    ("option", "named"),
    [
        ("title=name", "there is no field 'title'; did you mean --column name=title? Fields are id, name"),
        ("nmae=titel", "there is no field 'nmae'; did you mean name? Fields are id, name"),
        ("colour=farbe", "there is no field 'colour'. Fields are id, name"),
        ("name", "names nothing; write it as NAME=VALUE"),
    ],
)
def test_a_wrong_column_option_is_named_with_what_is_near(option: str, named: str) -> None:
    with pytest.raises(ConfigError) as caught:
        override({}, None, None, [option], None)
    assert named in str(caught.value)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (
            "[study]\nmethod = ['tfidf']",
            "study.method = ['tfidf']: no such setting; did you mean methods? There are methods",
        ),
        ("[catalogue.columns]\ntitle = 'x'", "catalogue.columns.title = 'x': no such setting"),
        ("[catalogue]\ncategory_lvl = 1", "did you mean category_level?"),
        (
            "[[jobs]]\nname='a'\ncron='0 6 * * *'\ncatalog='c'\nstore='s'",
            "did you mean catalogue? There are name, cron",
        ),
    ],
)
def test_an_unknown_setting_is_named_with_the_nearest(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    assert named in str(caught.value)
