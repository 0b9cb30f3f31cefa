"""Every table of the store, declared once: columns, types, units and meaning.

From here come the Parquet schemas, the views and comments of `catalog.duckdb`, and docs/tables.md.
The names are a contract: people write SQL against them.
"""

from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

ARROW = {
    "VARCHAR": pa.string(),
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "FLOAT": pa.float32(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "BLOB": pa.binary(),
    "TIMESTAMPTZ": pa.timestamp("us", tz="UTC"),
}
EMBEDDING = "embedding_"


@dataclass(frozen=True)
class Column:
    """One column: its DuckDB type, what it means and, where it has one, its unit."""

    name: str
    type: str
    meaning: str
    unit: str = ""

    @property
    def comment(self) -> str:
        """The meaning with the unit, as it stands in the DuckDB comment and in the docs."""
        return f"{self.meaning} [{self.unit}]" if self.unit else self.meaning


@dataclass(frozen=True)
class Table:
    """One table. `log` tables grow by one file per event; all others belong to a snapshot."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    log: bool = False

    @cached_property
    def schema(self) -> pa.Schema:
        """The Arrow schema its Parquet files are written with."""
        return pa.schema([(c.name, arrow_type(c.type)) for c in self.columns])


def arrow_type(duckdb_type: str) -> pa.DataType:
    """The Arrow type of a declared DuckDB type; `FLOAT[384]` is a fixed-size list."""
    if duckdb_type.endswith("]"):
        inner, size = duckdb_type[:-1].split("[")
        return pa.list_(ARROW[inner], int(size))
    return ARROW[duckdb_type]


def embedding_table(method: str, dimensions: int) -> Table:
    """The table of one embedding type: `embedding_<method>(product_id, vector FLOAT[dimensions])`."""
    return Table(
        EMBEDDING + method,
        f"The {method} vectors, one row per product that {method} could read; `models` says what made them.",
        (
            PRODUCT_ID,
            Column("vector", f"FLOAT[{dimensions}]", "The embedding as the method gives it; not centred or scaled."),
        ),
    )


def table(name: str) -> Table:
    """The declared table of that name (embedding tables are made by `embedding_table`); KeyError if none."""
    return BY_NAME[name]


PRODUCT_ID = Column("product_id", "VARCHAR", "The product, as the catalogue wrote its id.")
METHOD = Column(
    "method", "VARCHAR", "The method: count, tfidf, ..., fusion; consensus-text, consensus-image, consensus."
)
ALGORITHM = Column("algorithm", "VARCHAR", "How the products were grouped: kmeans, ward or consensus.")
SPACE = Column(
    "space",
    "VARCHAR",
    "Where they were grouped: full (the embedding), centred, smoothed (averaged with neighbours), manifold (UMAP), "
    "map (the 2-D t-SNE map) or ensemble (several together).",
)
CATEGORY = Column("category", "VARCHAR", "The category in the catalogue, at the chosen level; NULL if it has none.")

TABLES: tuple[Table, ...] = (
    Table(
        "products",
        "One row per product that was read from the catalogue.",
        (
            PRODUCT_ID,
            Column("name", "VARCHAR", "The product's name or title."),
            Column("description", "VARCHAR", "The description as the catalogue wrote it."),
            CATEGORY,
            Column("category_path", "VARCHAR", "The whole category path, levels joined by ' >> '."),
            Column("image_path", "VARCHAR", "The image as the catalogue names it; NULL if it names none."),
            Column("brand", "VARCHAR", "The brand; NULL if the catalogue names none."),
            Column("price", "DOUBLE", "The price.", "the catalogue's currency"),
            Column("attributes", "VARCHAR", "All other columns of the catalogue, as a JSON object of strings."),
            Column("catalogue_row", "BIGINT", "The row of the catalogue it came from, the first data row being 1."),
        ),
    ),
    Table(
        "pictures",
        "One row per product whose image could be decoded.",
        (
            PRODUCT_ID,
            Column("image_path", "VARCHAR", "The image file, relative to the images folder."),
            Column("sha256", "VARCHAR", "Of the image file's bytes: equal for products that share one file's content."),
            Column("width", "INTEGER", "Width of the original.", "pixels"),
            Column("height", "INTEGER", "Height of the original.", "pixels"),
            Column("thumbnail", "BLOB", "A JPEG of the picture, its long side at most 256 pixels."),
        ),
    ),
    Table(
        "texts",
        "The text of each product that has one: raw for sentence encoders, cleaned for word methods.",
        (
            PRODUCT_ID,
            Column("raw", "VARCHAR", "The chosen text columns joined, as the catalogue wrote them."),
            Column("clean", "VARCHAR", "Lemmas without stop words and repeated templates, joined by spaces."),
            Column("raw_words", "INTEGER", "Words in `raw`.", "words"),
            Column("clean_words", "INTEGER", "Words in `clean`.", "words"),
        ),
    ),
    Table(
        "terms",
        "Bag-of-words weights as rows: one per method, product and term with a weight above zero.",
        (
            METHOD,
            PRODUCT_ID,
            Column("term", "VARCHAR", "The term of the vocabulary."),
            Column("weight", "FLOAT", "Its weight in that product's text: a count, or a TF-IDF weight."),
        ),
    ),
    Table(
        "projections",
        "The 2-D maps: one row per method, reducer and product. For eyes; the verdict does not rest on them.",
        (
            METHOD,
            Column("reducer", "VARCHAR", "How the embedding was brought to two dimensions: pca, tsne or umap."),
            PRODUCT_ID,
            Column("x", "FLOAT", "First coordinate."),
            Column("y", "FLOAT", "Second coordinate."),
        ),
    ),
    Table(
        "projection_scores",
        "How faithful each 2-D map is.",
        (
            METHOD,
            Column("reducer", "VARCHAR", "pca, tsne or umap."),
            Column("metric", "VARCHAR", "trustworthiness: 1 when map neighbours are neighbours in the embedding too."),
            Column("value", "DOUBLE", "Its value, 0 to 1."),
        ),
    ),
    Table(
        "partitions",
        "Every grouping of every seed, made without the categories.",
        (
            METHOD,
            ALGORITHM,
            SPACE,
            Column("seed", "INTEGER", "The random seed of the space and of the algorithm."),
            PRODUCT_ID,
            Column("cluster", "INTEGER", "The group, 0 to k - 1."),
        ),
    ),
    Table(
        "resampled_partitions",
        "Groupings of a part of the products (63 %, drawn by their ids): what the stability of groups rests on.",
        (
            METHOD,
            ALGORITHM,
            SPACE,
            Column("seed", "INTEGER", "The random seed of the draw, the space and the algorithm."),
            PRODUCT_ID,
            Column("cluster", "INTEGER", "The group, 0 to k - 1."),
        ),
    ),
    Table(
        "partition_scores",
        "What can be said of each grouping without the categories.",
        (
            METHOD,
            ALGORITHM,
            SPACE,
            Column("seed", "INTEGER", "The random seed."),
            Column("metric", "VARCHAR", "silhouette, -1 to 1: of the products in the space that was clustered."),
            Column("value", "DOUBLE", "Its value."),
        ),
    ),
    Table(
        "clusters",
        "One grouping per method, algorithm and space: the seed that agrees most with the other seeds (by ARI).",
        (
            METHOD,
            ALGORITHM,
            SPACE,
            PRODUCT_ID,
            Column("cluster", "INTEGER", "The group, 0 to k - 1."),
            Column(
                "matched_category",
                "VARCHAR",
                "The category that the group stands for in the best one-to-one matching (Hungarian); NULL if none.",
            ),
        ),
    ),
    Table(
        "scores",
        "The agreement of each grouping with the categories, over the seeds.",
        (
            METHOD,
            ALGORITHM,
            SPACE,
            Column(
                "metric",
                "VARCHAR",
                "ari, ami, nmi, v_measure, homogeneity, completeness, accuracy (after matching), silhouette.",
            ),
            Column("value", "DOUBLE", "Median over the seeds."),
            Column("low", "DOUBLE", "Lower end of the 95 % interval over products (jackknife); NULL where none."),
            Column("high", "DOUBLE", "Upper end of that interval."),
            Column("chance", "DOUBLE", "95th percentile where the categories are shuffled; NULL without categories."),
            Column("seed_min", "DOUBLE", "Lowest value over the seeds."),
            Column("seed_max", "DOUBLE", "Highest value over the seeds."),
            Column("seeds", "INTEGER", "How many seeds were run."),
            Column("products", "INTEGER", "How many products were scored: those with a vector and a category."),
        ),
    ),
    Table(
        "comparisons",
        "Any two groupings compared: the paired 95 % interval of their difference, over the products both placed.",
        (
            METHOD,
            ALGORITHM,
            SPACE,
            Column("other_method", "VARCHAR", "The method it is compared with."),
            Column("other_algorithm", "VARCHAR", "That grouping's algorithm."),
            Column("other_space", "VARCHAR", "That grouping's space."),
            Column("metric", "VARCHAR", "ari or ami."),
            Column("difference", "DOUBLE", "The first's score less the other's: medians over the seeds."),
            Column("low", "DOUBLE", "Lower end of the paired interval (jackknife)."),
            Column("high", "DOUBLE", "Upper end of that interval."),
            Column("distinct", "BOOLEAN", "Whether the interval leaves out 0: false means no difference was shown."),
            Column("products", "INTEGER", "Products that both placed and that have a category."),
        ),
    ),
    Table(
        "ceilings",
        "What a supervised probe reaches on the same vectors, cross-validated with near-duplicates in one fold.",
        (
            METHOD,
            Column("probe", "VARCHAR", "linear (logistic regression) or knn (nearest neighbours)."),
            Column("metric", "VARCHAR", "accuracy, macro_f1, ari or ami of the predicted categories."),
            Column("value", "DOUBLE", "Its value over all held-out products."),
            Column("low", "DOUBLE", "Lower end of the 95 % interval over products (jackknife); NULL where none."),
            Column("high", "DOUBLE", "Upper end of that interval."),
            Column("folds", "INTEGER", "Folds of the cross-validation."),
            Column("products", "INTEGER", "Products with a vector and a category that were predicted."),
        ),
    ),
    Table(
        "predictions",
        "The probe's category for each product, from a model that never saw it nor its near-duplicates.",
        (
            METHOD,
            PRODUCT_ID,
            Column("probe", "VARCHAR", "linear or knn."),
            Column("predicted_category", "VARCHAR", "The most probable category."),
            Column("confidence", "FLOAT", "Its probability.", "0 to 1"),
            Column(
                "own_confidence",
                "FLOAT",
                "The probability of its category in the catalogue; NULL where the probe saw no other product of it.",
                "0 to 1",
            ),
        ),
    ),
    Table(
        "learning_curves",
        "How well so many labels per category would do, on the same vectors (linear probe).",
        (
            METHOD,
            Column("labels", "INTEGER", "Labelled products per category.", "products"),
            Column("metric", "VARCHAR", "accuracy, macro_f1 or ari."),
            Column("value", "DOUBLE", "Median over the draws of labelled products."),
            Column("low", "DOUBLE", "2.5th percentile over the draws."),
            Column("high", "DOUBLE", "97.5th percentile over the draws."),
            Column("draws", "INTEGER", "How often the labelled products were drawn."),
            Column("products", "INTEGER", "Products that were predicted in a draw."),
        ),
    ),
    Table(
        "map_scores",
        "How the answer changes when only the t-SNE map does: k-means on maps of several perplexities and seeds.",
        (
            METHOD,
            Column("perplexity", "DOUBLE", "t-SNE's perplexity."),
            Column("seed", "INTEGER", "Of the random start of the map and of k-means."),
            Column("metric", "VARCHAR", "ari, ami, silhouette or trustworthiness."),
            Column("value", "DOUBLE", "Its value; ari and ami only with categories."),
        ),
    ),
    Table(
        "category_scores",
        "Per category, after matching groups to categories one to one.",
        (
            METHOD,
            ALGORITHM,
            SPACE,
            CATEGORY,
            Column("precision", "DOUBLE", "Share of the matched group's products that are of this category."),
            Column("recall", "DOUBLE", "Share of this category's products that are in the matched group."),
            Column("f1", "DOUBLE", "Harmonic mean of precision and recall."),
            Column("products", "INTEGER", "Products of this category that were scored."),
            Column("confused_with", "VARCHAR", "The category whose group holds most of its misplaced products."),
            Column("confused_share", "DOUBLE", "The share of this category's products that are in that group."),
            Column(
                "neighbour_purity",
                "DOUBLE",
                "Share of its products' 10 nearest in the full embedding, copies left out, that are of it too.",
            ),
            Column(
                "silhouette",
                "DOUBLE",
                "Mean silhouette of its products in the full embedding, one category against the rest.",
                "-1 to 1",
            ),
            Column("stability", "DOUBLE", "Mean Jaccard of the matched group over resamples (Hennig 2007).", "0 to 1"),
        ),
    ),
    Table(
        "confusions",
        "The confusion table: products per category and group.",
        (
            METHOD,
            ALGORITHM,
            SPACE,
            CATEGORY,
            Column("cluster", "INTEGER", "The group."),
            Column("matched_category", "VARCHAR", "The category that group is matched to; NULL if none."),
            Column("products", "INTEGER", "How many products of the category are in the group; zeros are left out."),
        ),
    ),
    Table(
        "verdicts",
        "Can these products be grouped automatically? One row per scope (its declared method), method and category.",
        (
            Column("scope", "VARCHAR", "Of what: text, image, text+image, 'method:<name>' or 'category:<name>'."),
            METHOD,
            Column(
                "verdict",
                "VARCHAR",
                "feasible, borderline, not feasible; unknown without categories or vectors. "
                "Of a category: automate, label, merge or split; unknown with too few products.",
            ),
            Column("reason", "VARCHAR", "The verdict in words, with its figures and thresholds."),
            ALGORITHM,
            SPACE,
            Column("metric", "VARCHAR", "The score it rests on; for a category the lower of precision and recall."),
            Column("value", "DOUBLE", "That score: median over the seeds; of the shown grouping for a category."),
            Column("low", "DOUBLE", "The lower of its interval's end and its lowest seed; Wilson 95 % for a category."),
            Column("high", "DOUBLE", "The higher of its interval's end and its highest seed."),
            Column("feasible_from", "DOUBLE", "At and above this it is feasible, or can be automated (configuration)."),
            Column("infeasible_below", "DOUBLE", "Below this it is not feasible (configuration)."),
        ),
    ),
    Table(
        "suspects",
        "Products whose category most methods dispute: candidates for a wrong label.",
        (
            PRODUCT_ID,
            CATEGORY,
            Column("suggested_category", "VARCHAR", "The category most disputing methods put it in."),
            Column(
                "votes", "INTEGER", "How many methods dispute its category in favour of the suggested one.", "methods"
            ),
            Column("methods", "INTEGER", "How many methods were heard of it.", "methods"),
            Column(
                "quality", "DOUBLE", "Mean probability of its category over the methods, each by its skill.", "0 to 1"
            ),
            Column("rank", "INTEGER", "1 is the most disputed."),
        ),
    ),
    Table(
        "duplicates",
        "Products that are copies of an earlier product of the catalogue.",
        (
            PRODUCT_ID,
            Column("duplicate_of", "VARCHAR", "The earlier product."),
            Column("kind", "VARCHAR", "text or image: what is the same."),
            Column("match", "VARCHAR", "exact or near."),
            Column("similarity", "DOUBLE", "1 for an exact copy; at most 1 for a near one.", "0 to 1"),
        ),
    ),
    Table(
        "cluster_stability",
        "Whether each group of `clusters` comes back when the products are resampled and grouped again.",
        (
            METHOD,
            ALGORITHM,
            SPACE,
            Column("cluster", "INTEGER", "The group."),
            Column("stability", "DOUBLE", "Mean Jaccard with its nearest group, over resamples (Hennig 2007)."),
            Column("resamples", "INTEGER", "How many resamples held products of it."),
        ),
    ),
    Table(
        "cluster_descriptions",
        "What each group of `clusters` is: a name to propose, from its own terms, without the categories.",
        (
            METHOD,
            ALGORITHM,
            SPACE,
            Column("cluster", "INTEGER", "The group."),
            Column("name", "VARCHAR", "A name proposed from its most telling terms; NULL without texts."),
            Column("products", "INTEGER", "Products in the group."),
        ),
    ),
    Table(
        "cluster_terms",
        "The most telling terms of each group.",
        (
            METHOD,
            ALGORITHM,
            SPACE,
            Column("cluster", "INTEGER", "The group."),
            Column("rank", "INTEGER", "1 is the most telling."),
            Column("term", "VARCHAR", "A term of the cleaned texts."),
            Column("weight", "DOUBLE", "share x ln(share / mean share over groups), after class-based TF-IDF."),
            Column("share", "DOUBLE", "Share of the group's products with the term.", "0 to 1"),
        ),
    ),
    Table(
        "cluster_products",
        "The most central products of each group.",
        (
            METHOD,
            ALGORITHM,
            SPACE,
            Column("cluster", "INTEGER", "The group."),
            Column("rank", "INTEGER", "1 is the most central."),
            PRODUCT_ID,
            Column("similarity", "DOUBLE", "Mean cosine similarity to the group's products.", "-1 to 1"),
        ),
    ),
    Table(
        "k_estimates",
        "How many groups there are, judged without the categories, beside the number of categories.",
        (
            METHOD,
            Column(
                "criterion",
                "VARCHAR",
                "communities (of the neighbour graph), which the project stands by, or silhouette.",
            ),
            Column("k", "INTEGER", "The estimate; 1 says that no groups were shown.", "groups"),
            Column("low", "INTEGER", "Lower end of its 95 % range over resamples and scales.", "groups"),
            Column("high", "INTEGER", "Upper end of that range.", "groups"),
            Column("categories", "INTEGER", "Categories in the catalogue; NULL if it has none.", "categories"),
        ),
    ),
    Table(
        "k_curves",
        "The criteria behind `k_estimates`, at each number of groups.",
        (
            METHOD,
            Column("criterion", "VARCHAR", "As in k_estimates."),
            Column("k", "INTEGER", "Number of groups.", "groups"),
            Column(
                "value",
                "DOUBLE",
                "silhouette: its mean over the catalogue; communities: the share of resamples that found so many.",
            ),
            Column("low", "DOUBLE", "2.5th percentile over resamples; NULL where there are none."),
            Column("high", "DOUBLE", "97.5th percentile over resamples."),
        ),
    ),
    Table(
        "named_groups",
        "The mode `study.named_groups`: each product with the category whose name is nearest as text. Not clustering.",
        (
            METHOD,
            PRODUCT_ID,
            Column("category", "VARCHAR", "The category whose name is nearest."),
            Column("similarity", "DOUBLE", "Cosine of the product and that name's centre, both centred.", "-1 to 1"),
            Column(
                "margin",
                "DOUBLE",
                "How much nearer that name is than the next; NULL where there is one name only.",
                "cosine",
            ),
        ),
    ),
    Table(
        "named_scores",
        "How well the named groups agree with the categories; kept apart from `scores`.",
        (
            METHOD,
            Column("metric", "VARCHAR", "ari, ami, accuracy or macro_f1."),
            Column("value", "DOUBLE", "Its value."),
            Column("low", "DOUBLE", "Lower end of the 95 % interval over products (jackknife); NULL where none."),
            Column("high", "DOUBLE", "Upper end of that interval."),
            Column("products", "INTEGER", "Products with a vector and a category."),
        ),
    ),
    Table(
        "issues",
        "All that was wrong with the input or was left out, and what was done about it. Nothing is lost silently.",
        (
            Column("product_id", "VARCHAR", "The product, as far as it is known."),
            Column(
                "catalogue_row",
                "BIGINT",
                "The row of the catalogue, from 1; NULL if not about a row.",
            ),
            Column("stage", "VARCHAR", "Where it was seen: catalogue, images, texts, or 'features:<method>'."),
            Column("problem", "VARCHAR", "A short name that can be counted: duplicate id, broken image, ..."),
            Column("detail", "VARCHAR", "What exactly was found, and what was done."),
        ),
    ),
    Table(
        "models",
        "What ran for each method, or why nothing did.",
        (
            METHOD,
            Column("modality", "VARCHAR", "What it looks at: text, image or text+image."),
            Column("model", "VARCHAR", "The model's own name."),
            Column("source", "VARCHAR", "Where its weights come from: fitted here, a path, embedded, package, hub."),
            Column("licence", "VARCHAR", "The licence of the weights."),
            Column("sha256", "VARCHAR", "Of the weights; NULL where the model is fitted on this catalogue."),
            Column("dimensions", "INTEGER", "Length of a vector."),
            Column("parameters", "VARCHAR", "All settings of the method, as JSON."),
            Column("status", "VARCHAR", "ran, unavailable or failed."),
            Column("detail", "VARCHAR", "For 'unavailable' and 'failed': the reason and the remedy."),
            Column("products", "INTEGER", "Products that were given a vector."),
        ),
    ),
    Table(
        "runs",
        "The log of ingestions, one row per run that ended.",
        (
            Column("run_id", "VARCHAR", "UTC start time and a random suffix; sorts by time."),
            Column("started", "TIMESTAMPTZ", "When it began."),
            Column("seconds", "DOUBLE", "How long it took.", "s"),
            Column("status", "VARCHAR", "published, unchanged or failed."),
            Column("snapshot", "INTEGER", "The snapshot that was the newest at its end; NULL if there is none."),
            Column("catalogue", "VARCHAR", "The catalogue file."),
            Column("products", "INTEGER", "Products read."),
            Column("steps_computed", "INTEGER", "Steps that did work."),
            Column("steps_cached", "INTEGER", "Steps whose result was there already."),
            Column("steps_failed", "INTEGER", "Steps that failed."),
            Column("peak_mb", "DOUBLE", "Highest resident memory of any of its processes.", "MB"),
            Column("detail", "VARCHAR", "Why it failed; NULL otherwise."),
            Column("version", "VARCHAR", "The version of aislemap."),
        ),
        log=True,
    ),
    Table(
        "steps",
        "The log of steps: one row per step of each run.",
        (
            Column("run_id", "VARCHAR", "The run."),
            Column("step", "VARCHAR", "The step, such as 'features:bert' or 'projection:bert'."),
            Column("key", "VARCHAR", "The hash of all that goes into it: inputs, parameters, code, model."),
            Column("status", "VARCHAR", "computed, cached, unavailable, failed or skipped (what it needs is missing)."),
            Column("seconds", "DOUBLE", "Time of the computation; of the original one where it is cached.", "s"),
            Column("peak_mb", "DOUBLE", "Highest memory of its process, earlier steps' leavings included.", "MB"),
            Column("rows", "BIGINT", "Rows it wrote, over all its tables."),
            Column("detail", "VARCHAR", "Why it failed or was skipped."),
        ),
        log=True,
    ),
    Table(
        "schedule",
        "The log of the scheduler, one row per event of a job.",
        (
            Column("happened", "TIMESTAMPTZ", "When."),
            Column("job", "VARCHAR", "The job's name in aislemap.toml."),
            Column("event", "VARCHAR", "scheduled, started, published, unchanged, failed, missed or stopped."),
            Column("next_run", "TIMESTAMPTZ", "When the job runs next, as known then."),
            Column("run_id", "VARCHAR", "The run, for an ended one."),
            Column("detail", "VARCHAR", "In words."),
        ),
        log=True,
    ),
)
BY_NAME = {t.name: t for t in TABLES}
