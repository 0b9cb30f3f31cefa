"""How the groups agree with the categories, what labels would bring, and the verdicts."""

from store.columns import ALGORITHM, CATEGORY, METHOD, PRODUCT_ID, SPACE, Column, Table

TABLES = (
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
                "ari, ami, nmi, v_measure, homogeneity, completeness, matched_accuracy, silhouette.",
            ),
            Column("value", "DOUBLE", "Median over the seeds."),
            Column(
                "low", "DOUBLE", "Lower end of the 95 % interval (jackknife; copies are one draw); NULL where none."
            ),
            Column("high", "DOUBLE", "Upper end of that interval."),
            Column("chance", "DOUBLE", "95th percentile where the categories are shuffled; NULL without categories."),
            Column("seed_min", "DOUBLE", "Lowest value over the seeds."),
            Column("seed_max", "DOUBLE", "Highest value over the seeds."),
            Column("seed_sd", "DOUBLE", "Sample standard deviation of the seeds' values; NULL for one seed."),
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
            Column(
                "low", "DOUBLE", "Lower end of the 95 % interval (jackknife; copies are one draw); NULL where none."
            ),
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
            Column("metric", "VARCHAR", "accuracy, macro_f1, ari or ami of the predicted categories."),
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
            Column("confused_fraction", "DOUBLE", "The share of this category's products that are in that group."),
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
            Column(
                "low",
                "DOUBLE",
                "Lower of interval end and lowest seed; of a category Wilson 95 %, copies as fewer draws.",
            ),
            Column("high", "DOUBLE", "The higher of its interval's end and its highest seed."),
            Column("feasible_from", "DOUBLE", "At and above this it is feasible, or can be automated (configuration)."),
            Column("infeasible_below", "DOUBLE", "Below this it is not feasible (configuration)."),
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
            Column(
                "low", "DOUBLE", "Lower end of the 95 % interval (jackknife; copies are one draw); NULL where none."
            ),
            Column("high", "DOUBLE", "Upper end of that interval."),
            Column("products", "INTEGER", "Products with a vector and a category."),
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
            Column("modality", "VARCHAR", "text or image: what is the same."),
            Column("match", "VARCHAR", "exact or near."),
            Column("similarity", "DOUBLE", "1 for an exact copy; at most 1 for a near one.", "0 to 1"),
        ),
    ),
)
