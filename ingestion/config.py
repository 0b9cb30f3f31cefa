"""The configuration, `aislemap.toml`: every setting with its default, range and reason.

The protocol of a study is declared here before it runs; nothing in it is chosen by looking at the categories.
"""

import difflib
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, ValidationError, field_validator, model_validator

from ingestion.jobs import Job, Schedule
from ingestion.settings import Settings
from store.errors import ConfigError

Metric = Literal["auto", "ari", "ami", "matched_accuracy"]


class Columns(Settings):
    """Which column of the catalogue holds what; a column that is not named is looked for under its usual names."""

    id: str | None = None
    """The column of the product's id; without one a product is called by its row, as `row-12`."""
    name: str | None = None
    """The column of the product's name."""
    description: str | None = None
    """The column of the description."""
    category: str | None = None
    """The column of the category, or of a category path. It must not be a column of the text too."""
    image: str | None = None
    """The column of the image file's name; without one images are found by the product's id."""
    brand: str | None = None
    """The column of the brand: kept in `products`, not used by the study."""
    price: str | None = None
    """The column of the price: kept in `products`, not used by the study."""


class Catalogue(Settings):
    """How the catalogue is read."""

    columns: Columns = Columns()
    category_level: Annotated[int | None, Field(ge=1)] = None
    """Which level of a category path counts, 1 being the top one. When not given, the first level with 2 to 50
    categories of 5 products or more: the top one, of which the question is usually asked, unless nearly all are of one
    category there. The run prints which level that is, and why."""
    category_separator: Annotated[str | None, Field(min_length=1)] = None
    """What stands between the levels of a category path; found by looking when not given (`>>`, `>`, `/`, `|`, ...)."""
    language: Annotated[str | None, Field(pattern="[a-z]{2}")] = None
    """The language of the texts as an ISO 639-1 code, for stop words and lemmas; found by looking when not given."""
    join_variants: bool = True
    """Whether rows that are variants of one product, as a size or a colour, are one product with all their images: else
    each would have the others as near-duplicates beside it, and groups would be those of variants."""
    max_rows: Annotated[int, Field(ge=1)] = 1_000_000
    """A catalogue of more rows is refused, a Parquet file before anything of it is decoded: a million products are
    more than a study on one machine can group."""
    text: tuple[str, ...] = ("name", "description")
    """The columns that are joined to a product's text: both by default, since a name is short and dense and a
    description adds what it leaves out."""
    max_pixels: Annotated[int, Field(ge=1)] = 25_000_000
    """An image of more pixels is not decoded: 25 megapixels are more than a shop's image has, and small enough for
    memory."""


class Study(Settings):
    """What is computed from the vectors."""

    methods: tuple[str, ...] | None = None
    """Methods to run; all of them when not given. The exit code is 6 when a method that is named here did not run."""
    k: Annotated[int | None, Field(ge=2)] = None
    """Number of groups. When not given, the number of categories, but `most_groups` at most; of a catalogue without
    categories the number that is estimated from each method's vectors."""
    most_groups: Annotated[int, Field(ge=2)] = 100
    """Groups at most where `k` is not given. The time that grouping takes grows by the square of their number: with 100
    some thousands of products of 2,000 categories take less than three times as long as those of 50. A sample of 10,000
    then has 100 products in each, in the mean. Whether so many can be judged depends on the sizes of the categories,
    and the verdict says it."""
    seed: Annotated[int, Field(ge=0)] = 0
    """The seed of k-means: another one should change nothing that matters, since the best of a hundred starts counts.
    The manifold has none."""
    resamples: Annotated[int, Field(ge=2)] = 10
    """Draws of 63 % of the products that are grouped again, for intervals and for the stability of groups: with ten the
    intervals held on halves of real catalogues, and the mean Jaccard of a group is known to some .03
    (benchmarks/README.md)."""
    sample: Annotated[int, Field(ge=10)] = 10_000
    """Above so many products what is estimated rests on a sample of that many, drawn by their ids, and all products are
    then placed in its groups and on its maps. An ARI of 1,050 products has an interval some .08 wide, and one of 10,000
    some .03, which is less than verdicts or methods differ by; the cost of all but the vectors is bounded."""
    refit: Literal["always", "never"] | Annotated[float, Field(gt=0, lt=1)] = "always"
    """When count, tfidf, word2vec, fasttext, the visual words of sift and the maps by t-SNE and UMAP are fitted anew on
    a changed catalogue. 'always', so that a snapshot depends on its catalogue alone. 'never' keeps the first, and a
    fraction keeps them until that fraction of the texts, images or vectors changed; others are placed by what was kept,
    which `models` and `projection_scores` say."""
    reestimate: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Groups, their number, maps, scores, intervals, verdicts and suspects are taken over from an earlier run until
    this fraction of the products is new, changed or gone; these are placed in the groups and on the maps that are
    there. 0 estimates anew whenever something changed, so that a snapshot depends on its catalogue alone. With .05 a
    night's one product in a hundred moves no verdict, and all is estimated anew every five nights."""
    reducers: tuple[Literal["pca", "tsne", "umap"], ...] = ("pca", "tsne", "umap")
    """2-D maps to draw."""
    perplexity: Annotated[float, Field(gt=1)] = 30.0
    """Perplexity of the t-SNE map: 30 for some 1,000 products (Kobak & Berens 2019)."""
    map_perplexities: tuple[Annotated[float, Field(gt=1)], ...] = (10.0, 30.0, 50.0)
    """Perplexities of the t-SNE maps in `map_scores`, which show how far one map can be trusted: those that published
    notebooks on some 1,000 products use."""
    map_seeds: Annotated[int, Field(ge=1)] = 2
    """Random starts at each of `map_perplexities`."""
    neighbours: Annotated[int, Field(ge=15)] = 30
    """Nearest neighbours kept of each product, on which the manifold and the UMAP map rest: groups of texts
    agree best with the categories of other catalogues from 30 on, those of images and of both hardly differ between 15
    and 50 (benchmarks/README.md)."""
    joint: tuple[str, ...] = ("bert", "use", "cnn")
    """Methods whose graphs are joined, of texts and of texts and images: the pretrained networks. With word counts and
    vectors trained on the catalogue among them the groups agree less with the categories of other catalogues, in the
    mean (benchmarks/README.md)."""
    named_groups: bool = False
    """Whether products are also put under the category names by their text (zero-shot), listed beside the clustering.
    Off, since it uses the categories' names, which the question of the study leaves out."""


class Verdict(Settings):
    """When a grouping is good enough."""

    metric: Metric = "auto"
    """The score that the verdict rests on. 'auto' is 'ari' for balanced categories and 'ami' for unbalanced ones
    (Romano et al. 2016), whose effective number (inverse Simpson) is below half their number. Their sizes decide."""
    grouping: Literal["manifold", "embedding"] = "manifold"
    """The grouping that is judged, declared before the run: k-means on the manifold, or in the embedding."""
    feasible_accuracy: Annotated[float, Field(gt=0, le=1)] = 0.83
    """'feasible' from so many products right, 0 to 1: moving every sixth by hand is less work than placing all. The
    threshold of the metric is its value where so many of each category are right and the others are spread evenly; ARI
    is then .64 for 7 balanced categories (.67 for 20)."""
    infeasible_accuracy: Annotated[float, Field(gt=0, lt=1)] = 0.68
    """'not feasible' below so many products right: every third is wrong, so that each must be looked at, which is what
    labelling costs. ARI is then .39 for 7 balanced categories."""
    least_products: Annotated[int, Field(ge=1)] = 50
    """Below so many scored products there is no verdict: a few products can agree by chance, with any seed."""
    least_per_category: Annotated[int, Field(ge=2)] = 5
    """A category of fewer scored products does not count towards a verdict: one of a single product has no pair that a
    grouping could keep together, and in one of four each product is a quarter of what is found. There is a verdict
    where at least two categories have so many, and hold `least_products` and half of all scored products."""
    rests_on: dict[str, tuple[str, ...]] = Field(
        {
            "text": ("joint-text", "bert", "use", "tfidf", "word2vec", "fasttext", "glove", "count"),
            "image": ("cnn", "sift"),
            "text+image": ("joint", "fusion"),
        }
    )
    """For each scope the methods in order of preference: the first that has groups is judged. The order follows the
    literature, so that no method is picked by its score."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        low, high = self.infeasible_accuracy, self.feasible_accuracy
        if low > high:
            raise ValueError(f"infeasible_accuracy ({low}) is above feasible_accuracy ({high}); lower it")
        if unknown := set(self.rests_on) - {"text", "image", "text+image"}:
            raise ValueError(f"rests_on has no scope {min(unknown)!r}; there are text, image and text+image")
        return self


class CategoryVerdict(Settings):
    """What to do with each category. A fraction is compared with its threshold at the lower end of its interval."""

    automate_from: Annotated[float, Field(gt=0, lt=1)] = 0.80
    """'automate' from this precision and recall: with fewer than four in five right, sorting out the wrong ones costs
    as much as sorting by hand. At the lower end, so some 87 % of 150 products must be right; more where
    near-duplicates are among them."""
    stable_from: Annotated[float, Field(ge=0, le=1)] = 0.75
    """'automate' from this stability of the group, a mean Jaccard index over resamples: .75 is stable (Hennig 2007)."""
    merge_from: Annotated[float, Field(gt=0, lt=1)] = 0.20
    """'merge' when a model trained on labels takes at least this fraction of the products for one other category: at
    every fifth product people would file them either way."""
    part_fraction: Annotated[float, Field(gt=0, lt=1)] = 0.15
    """'split' counts a group as a part of a category from this fraction of its products, about a sixth: a smaller one
    is too few to be a category of its own."""
    part_purity: Annotated[float, Field(gt=0, lt=1)] = 0.75
    """'split' counts a group as a part of a category when this fraction of the group is of that category, three in
    four, so that the part can be named and kept."""
    least_products: Annotated[int, Field(ge=1)] = 10
    """Below this effective size of a category there is no verdict on it: ten of ten right are at least 72 % (Wilson),
    and fewer show nothing. Near-duplicates count as fewer than they are."""


class Limits(Settings):
    """What a run may use."""

    workers: Annotated[int | None, Field(ge=1)] = None
    """Steps at a time, one thread each; the number of processors when not given."""
    memory_mb: Annotated[int, Field(ge=256)] = 4096
    """Resident memory of one step's process, in MB: above it the step is stopped and fails with a reason."""
    step_seconds: Annotated[float, Field(gt=0)] = 14400.0
    """Seconds that one step may take: above it the step is stopped and fails with a reason, as one that hangs would
    hold the store for ever. Four hours leave two for the other steps of a scheduled run (`time_limit` of a job)."""


class Engine(Settings):
    """Where the steps of a run are computed."""

    runs_on: Literal["local", "ray"] = "local"
    """Worker processes of this machine, or tasks of a Ray cluster (`pip install aislemap[ray]`; docs/operations.md).
    Local, since most catalogues need no second machine."""
    address: str | None = None
    """Of a Ray cluster: host:port of its head, or `auto` for the cluster that this machine is a node of. A cluster of
    this machine alone is started, and shut down at the end, when not given."""
    gpus: dict[Literal["bert"], Annotated[float, Field(ge=0, allow_inf_nan=False)]] = Field({})
    """GPUs that Ray sets aside for each step that encodes by a method, as {bert = 1}: a whole number, or a fraction
    where steps share one. Its `device` is then cuda, if not given. None, since the embedded encoder is small enough for
    a processor; bert alone, since TensorFlow comes without GPU support here."""

    @field_validator("address")
    @classmethod
    def _is_a_head(cls, address: str | None) -> str | None:
        if address and not re.fullmatch(r"auto|[^/\s]+:\d{1,5}", address):
            raise ValueError("an address is host:port of the head of a Ray cluster, as first:6379, or auto")
        return address

    @model_validator(mode="after")
    def _only_ray_has_an_address_and_gpus(self) -> Self:
        if self.address and self.runs_on != "ray":
            raise ValueError(f"the address {self.address} is that of a Ray cluster; add runs_on = 'ray' (--engine ray)")
        if self.gpus and self.runs_on != "ray":
            raise ValueError(f"gpus = {self.gpus} are those of a Ray cluster; add runs_on = 'ray' (--engine ray)")
        if uneven := [n for n in self.gpus.values() if n > 1 and n != int(n)]:
            raise ValueError(f"Ray gives a part of one GPU or whole ones, not {uneven[0]:g}; give a whole number")
        return self


class Config(Settings):
    """The whole of aislemap.toml."""

    catalogue: Catalogue = Catalogue()
    study: Study = Study()
    methods: dict[str, dict[str, Any]] = Field({})
    """[methods.NAME]: the settings of one method; each method's own class checks them."""
    verdict: Verdict = Verdict()
    category_verdict: CategoryVerdict = CategoryVerdict()
    limits: Limits = Limits()
    engine: Engine = Engine()
    schedule: Schedule = Schedule()
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
    """One line per bad setting: where, what stands there, what is wrong; of an unknown one the nearest known."""
    lines = []
    for e in error.errors():
        where = ".".join(str(part) for part in e["loc"])
        if e["type"] == "extra_forbidden":
            known = known_settings(e["loc"][:-1])
            lines.append(
                f"  {where} = {e['input']!r}: no such setting{nearest(str(e['loc'][-1]), known)} There are "
                f"{', '.join(known)}."
            )
        else:
            lines.append(f"  {where} = {e['input']!r}: {e['msg']}")
    return "\n".join(lines)


def known_settings(path: tuple[int | str, ...]) -> list[str]:
    """The names of the settings of the table at a path; of an unknown table those of the whole configuration."""
    table: type[Settings] = Config
    for part in path:
        field = table.model_fields.get(str(part))
        if field is None:
            continue  # the number of one of several tables
        inner = [field.annotation, *get_args(field.annotation)]
        table = next((t for t in inner if isinstance(t, type) and issubclass(t, Settings)), table)
    return list(table.model_fields)


def nearest(name: str, known: Sequence[str]) -> str:
    """'; did you mean NAME?' where a known name is near, else '.'."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else "."
