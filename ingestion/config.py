"""The configuration, `aislemap.toml`: every setting with its default, range and reason.

The protocol of a study is declared here before it runs; nothing in it is chosen by looking at the categories.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from store.errors import ConfigError

Metric = Literal["ari", "ami", "nmi", "v_measure", "homogeneity", "completeness", "matched_accuracy"]


class Settings(BaseModel):
    """Base of every table of settings: immutable, and an unknown key is an error, not a silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Columns(Settings):
    """Which column of the catalogue holds what; what is not named is guessed from the usual names."""

    id: str | None = None
    name: str | None = None
    description: str | None = None
    category: str | None = None
    image: str | None = None
    brand: str | None = None
    price: str | None = None


class Catalogue(Settings):
    """How the catalogue is read."""

    columns: Columns = Columns()
    category_level: Annotated[int, Field(ge=1)] = 1
    """Which level of a category path counts, 1 being the top one (the question is usually asked of the top)."""
    category_separator: Annotated[str, Field(min_length=1)] = ">>"
    """What stands between the levels of a category path."""
    text: tuple[str, ...] = ("name", "description")
    """The columns joined to a product's text. The name is the densest sentence of a product; both beat either alone."""
    max_pixels: Annotated[int, Field(ge=1)] = 25_000_000
    """A picture of more pixels is not decoded: 25 Mpx is above any shop's picture and below a memory bomb."""


class Study(Settings):
    """What is computed from the vectors."""

    methods: tuple[str, ...] | None = None
    """Methods to run; all of them when not given. A method that is named here must run, or the exit code says so."""
    k: Annotated[int | None, Field(ge=2)] = None
    """Number of groups; the number of categories when not given."""
    seeds: Annotated[int, Field(ge=1)] = 10
    """Seeds 0 to seeds-1, for the manifold and for k-means: one seed is an anecdote."""
    reducers: tuple[Literal["pca", "tsne", "umap"], ...] = ("pca", "tsne", "umap")
    """2-D maps to draw. `tsne` is also the space 'map'."""
    perplexity: Annotated[float, Field(gt=1)] = 30.0
    """t-SNE's; 30 near 1,000 products (Kobak & Berens 2019)."""
    map_perplexities: tuple[Annotated[float, Field(gt=1)], ...] = (10.0, 20.0, 30.0, 50.0)
    """Perplexities of the t-SNE maps that are drawn again and again, to show how far one map can be trusted: what
    published notebooks on some 1,000 products use."""
    map_seeds: Annotated[int, Field(ge=1)] = 3
    """Random starts at each of them."""
    neighbours: Annotated[int, Field(ge=2)] = 30
    """UMAP's n_neighbors: 30 favours the broad structure over the fine (UMAP documentation, clustering)."""
    manifold_dimensions: Annotated[int, Field(ge=2)] = 10
    """Dimensions of the manifold that is clustered: 5 to 10 keep what two cannot."""
    named_groups: bool = False
    """Whether products are also put under the category names by their text alone (zero-shot), shown apart from the
    clustering. Off: it knows what the groups are called, which the question that is asked does not."""


GROUPED = {
    "kmeans": ("full", "centred", "smoothed", "manifold", "map"),
    "ward": ("full", "manifold", "map"),
    "consensus": ("ensemble",),
}
"""Which algorithm groups in which spaces."""


class Verdict(Settings):
    """When a grouping is good enough."""

    metric: Literal["auto"] | Metric = "auto"
    """The score that the verdict rests on. 'auto' is 'ari' for balanced categories and 'ami' for unbalanced ones
    (Romano et al. 2016): those of which ARI, which counts pairs, hears in effect fewer than half. Their sizes decide.
    For even errors in 7 to 20 categories the two lie within .04 at either threshold, so the thresholds serve both."""
    algorithm: Literal["kmeans", "ward", "consensus"] = "consensus"
    space: Literal["full", "centred", "smoothed", "manifold", "map", "ensemble"] = "ensemble"
    """Declared, not picked afterwards: the consensus over the spaces of a method. A method that has one grouping only,
    as a consensus over methods has, is judged by that."""
    feasible_from: Annotated[float, Field(gt=0, le=1)] = 0.65
    """With even errors in 7 balanced categories ARI is .65 when 83 of 100 products are grouped right (82 of 100 for 20
    categories, 90 for 2): moving every sixth by hand is less work than placing all. It is about .65 too when of 7
    categories two pairs share a group each and two are split in halves, which a look at the groups can still mend."""
    infeasible_below: Annotated[float, Field(ge=0, lt=1)] = 0.40
    """With even errors in 7 balanced categories ARI is .40 when 68 of 100 products are grouped right (65 of 100 for 20
    categories, 82 for 2): every third stands wrong, so that each must be looked at, which is what labelling costs."""
    least_products: Annotated[int, Field(ge=1)] = 50
    """Below so many scored products there is no verdict: a handful can agree by luck, and then without any spread."""
    rests_on: dict[str, tuple[str, ...]] = {
        "text": ("consensus-text", "bert", "use", "tfidf", "word2vec", "fasttext", "glove", "count"),
        "image": ("consensus-image", "cnn", "sift"),
        "text+image": ("consensus", "fusion"),
    }
    """For each scope the methods in order of preference: the first that has vectors is judged. Declared by the
    methods' standing in the literature, so that no method is picked by its score."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.infeasible_below > self.feasible_from:
            raise ValueError(
                f"infeasible_below ({self.infeasible_below}) is above feasible_from ({self.feasible_from}); lower it"
            )
        return self

    @model_validator(mode="after")
    def _there_is_such_a_grouping(self) -> Self:
        spaces = GROUPED[self.algorithm]
        if self.space not in spaces:
            raise ValueError(f"{self.algorithm} does not group in {self.space}; its spaces are {', '.join(spaces)}")
        if unknown := set(self.rests_on) - {"text", "image", "text+image"}:
            raise ValueError(f"rests_on has no scope {min(unknown)!r}; there are text, image and text+image")
        return self


class CategoryVerdict(Settings):
    """What to do with each category. Every share is held against its threshold at the lower end of its interval."""

    automate_from: Annotated[float, Field(gt=0, lt=1)] = 0.80
    """Four in five right, of the category and of its group: with fewer, sorting out the wrong ones costs as much as
    sorting by hand. At the lower end, so some 87 % of 150 products must be right; more where copies are among them."""
    stable_from: Annotated[float, Field(ge=0, le=1)] = 0.75
    """A group that is to be relied on comes back when products change: Jaccard .75 is stable (Hennig 2007)."""
    merge_from: Annotated[float, Field(gt=0, lt=1)] = 0.20
    """A model trained on labels takes every fifth product for one other category: people would file them either way."""
    part_share: Annotated[float, Field(gt=0, lt=1)] = 0.15
    """A group counts as a part of a category that holds about a sixth of it: a smaller one is a pocket, not a part."""
    part_purity: Annotated[float, Field(gt=0, lt=1)] = 0.75
    """... and of which three in four are of that category, so that the part can be named and kept."""
    least_products: Annotated[int, Field(ge=1)] = 10
    """Ten of ten right are at least 72 % (Wilson): from fewer products nothing can be shown. Near-copies count less."""


class Limits(Settings):
    """What a run may use."""

    workers: Annotated[int | None, Field(ge=1)] = None
    """Steps at a time, one thread each; the number of processors when not given."""
    memory_mb: Annotated[int, Field(ge=256)] = 4096
    """Resident memory of one step's process: above it the step is stopped and fails with a reason."""


class Job(Settings):
    """One scheduled ingestion."""

    name: str
    cron: str
    """Five fields: minute, hour, day of month, month, day of week."""
    catalogue: Path
    images: Path | None = None
    store: Path
    timezone: str = "UTC"


class Config(Settings):
    """The whole of aislemap.toml."""

    catalogue: Catalogue = Catalogue()
    study: Study = Study()
    methods: dict[str, dict[str, Any]] = {}
    """[methods.<name>]: the settings of one method; each method's own class checks them."""
    verdict: Verdict = Verdict()
    category_verdict: CategoryVerdict = CategoryVerdict()
    limits: Limits = Limits()
    jobs: tuple[Job, ...] = ()


def load(path: Path | None) -> Config:
    """Read and check the configuration; the defaults if `path` is None. ConfigError names each bad setting."""
    if path is None:
        return Config()
    try:
        return Config.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigError(f"The configuration {path} cannot be read ({error.strerror}); check the path.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"The configuration {path} is not UTF-8 ({error}); save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"The configuration {path} is not TOML: {error}.") from error
    except ValidationError as error:
        raise ConfigError(f"The configuration {path} has bad settings:\n{explain(error)}") from error


def explain(error: ValidationError) -> str:
    """One line per bad setting: where, what stands there, what is wrong."""
    return "\n".join(
        f"  {'.'.join(str(part) for part in e['loc'])} = {e['input']!r}: {e['msg']}" for e in error.errors()
    )
