"""How well the groups agree with the categories, what labels would add, and the verdicts."""

from store.columns import CATEGORY, GROUPING, METHOD, PRODUCT_ID, Column, Table

TABLES = (
    Table(
        "scores",
        "The agreement of each grouping with the categories.",
        (
            METHOD,
            GROUPING,
            Column(
                "metric",
                "VARCHAR",
                "ari, ami, nmi, v_measure, homogeneity, completeness, matched_accuracy, silhouette.",
            ),
            Column("value", "DOUBLE", "Its value."),
            Column(
                "low",
                "DOUBLE",
                "Lower end of the 95 % interval, for other products of this shop, grouped anew; NULL if unknown.",
            ),
            Column("high", "DOUBLE", "Upper end of that interval; of a study on a sample, of that for all products."),
            Column(
                "chance", "DOUBLE", "95th percentile of the metric with shuffled categories; NULL without categories."
            ),
            Column("products", "INTEGER", "How many products were scored: those with a vector and a category."),
        ),
    ),
    Table(
        "resampled_scores",
        "The scores of the groupings of the resamples: how much a score changes when the products are grouped again.",
        (
            METHOD,
            GROUPING,
            Column("resample", "INTEGER", "The number of the sample, as in `resampled_partitions`."),
            Column("metric", "VARCHAR", "ari, ami or matched_accuracy."),
            Column("value", "DOUBLE", "The score of the sample's own groups."),
            Column("kept", "DOUBLE", "The score of the groups of all products, counted over the sample's products."),
        ),
    ),
    Table(
        "judged_groupings",
        "The grouping and the metric that each method is judged by, as declared; other tables join it.",
        (
            METHOD,
            GROUPING,
            Column("metric", "VARCHAR", "The metric of `scores` that its verdict is based on."),
        ),
    ),
    Table(
        "comparisons",
        "Each grouping compared with those that the verdicts rest on: the paired 95 % interval of their difference.",
        (
            METHOD,
            GROUPING,
            Column("other_method", "VARCHAR", "The method it is compared with, which a verdict rests on."),
            Column("other_grouping", "VARCHAR", "The other grouping."),
            Column("metric", "VARCHAR", "ari or ami."),
            Column("difference", "DOUBLE", "The first's score less the other's."),
            Column("low", "DOUBLE", "Lower end of the paired interval, not corrected."),
            Column("high", "DOUBLE", "Upper end of that interval."),
            Column(
                "distinct",
                "BOOLEAN",
                "Whether a difference was shown, by Holm's correction for all groupings compared with this one.",
            ),
            Column("products", "INTEGER", "Products with a category that are in both groupings."),
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
                "low",
                "DOUBLE",
                "Lower end of the 95 % interval (jackknife, duplicates as one draw); NULL if not computable.",
            ),
            Column("high", "DOUBLE", "Upper end of that interval."),
            Column("folds", "INTEGER", "Folds of the cross-validation."),
            Column("products", "INTEGER", "Products with a vector and a category that were predicted."),
        ),
    ),
    Table(
        "predictions",
        "The category that a probe predicts for each product, trained without the product and its near-duplicates.",
        (
            METHOD,
            PRODUCT_ID,
            Column("probe", "VARCHAR", "linear or knn."),
            Column("predicted_category", "VARCHAR", "The most probable category."),
            Column("confidence", "FLOAT", "Its probability.", "0 to 1"),
            Column(
                "own_confidence",
                "FLOAT",
                "The probability of its category in the catalogue; NULL if the probe did not learn it: no training "
                "product has it, or it is none of the 500 largest.",
                "0 to 1",
            ),
        ),
    ),
    Table(
        "learning_curves",
        "What a linear probe on the same vectors reaches with a given number of labels per category.",
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
        "How the scores change with the t-SNE map alone: k-means on maps of several perplexities and seeds.",
        (
            METHOD,
            Column("perplexity", "DOUBLE", "t-SNE's perplexity."),
            Column("seed", "INTEGER", "The random seed of the map and of k-means."),
            Column("metric", "VARCHAR", "ari, ami, silhouette or trustworthiness."),
            Column("value", "DOUBLE", "Its value; ari and ami only with categories."),
        ),
    ),
    Table(
        "category_scores",
        "Per category, after matching groups to categories one to one.",
        (
            METHOD,
            GROUPING,
            CATEGORY,
            Column("precision", "DOUBLE", "Fraction of the matched group's products that are of this category."),
            Column("recall", "DOUBLE", "Fraction of this category's products that are in the matched group."),
            Column("f1", "DOUBLE", "Harmonic mean of precision and recall."),
            Column("products", "INTEGER", "Products of this category that were scored."),
            Column("confused_with", "VARCHAR", "The category whose group holds most of its misplaced products."),
            Column("confused_fraction", "DOUBLE", "Fraction of this category's products that are in that group."),
            Column(
                "neighbour_purity",
                "DOUBLE",
                "Fraction of its products' 10 nearest neighbours (full embedding, no duplicates) that are of it.",
            ),
            Column(
                "silhouette",
                "DOUBLE",
                "Mean silhouette of its products in the full embedding, this category against all others.",
                "-1 to 1",
            ),
            Column("stability", "DOUBLE", "Mean Jaccard of the matched group over resamples (Hennig 2007).", "0 to 1"),
            Column("precision_error", "DOUBLE", "Standard error of the precision from grouping other products anew."),
            Column("recall_error", "DOUBLE", "Standard error of the recall from grouping other products anew."),
        ),
    ),
    Table(
        "confusions",
        "The confusion table: products per category and group.",
        (
            METHOD,
            GROUPING,
            CATEGORY,
            Column("cluster", "INTEGER", "The group."),
            Column("matched_category", "VARCHAR", "The category that group is matched to; NULL if none."),
            Column("products", "INTEGER", "Products of the category in the group; cells of 0 are left out."),
        ),
    ),
    Table(
        "verdicts",
        "Can these products be grouped automatically? One row per scope (its declared method), method and category.",
        (
            Column(
                "scope", "VARCHAR", "What is judged: text, image, text+image, 'method:<name>' or 'category:<name>'."
            ),
            METHOD,
            Column(
                "verdict",
                "VARCHAR",
                "feasible, borderline, not feasible; unknown without vectors or categories of enough products. "
                "Of a category: automate, label, merge or split; unknown with too few products.",
            ),
            Column("reason", "VARCHAR", "The verdict in sentences, with its figures and thresholds."),
            GROUPING,
            Column(
                "metric",
                "VARCHAR",
                "The metric of the verdict; for a category precision or recall, whichever is lower.",
            ),
            Column(
                "value",
                "DOUBLE",
                "Its value.",
            ),
            Column(
                "low",
                "DOUBLE",
                "Lower end of its 95 % interval; for a category Wilson's at the effective sample size, grouped anew.",
            ),
            Column("high", "DOUBLE", "Upper end of that interval."),
            Column(
                "feasible_from",
                "DOUBLE",
                "At and above this it is feasible: the metric where as many products are right as declared. For a "
                "category: from here it can be automated.",
            ),
            Column("infeasible_below", "DOUBLE", "Below this it is not feasible, likewise."),
            Column(
                "stable_from",
                "DOUBLE",
                "A group with this stability or more counts as stable (configuration).",
                "0 to 1",
            ),
        ),
    ),
    Table(
        "named_groups",
        "The mode `study.named_groups`: the category whose name is nearest to each product's text. No clustering.",
        (
            METHOD,
            PRODUCT_ID,
            Column("category", "VARCHAR", "The category whose name is nearest."),
            Column("similarity", "DOUBLE", "Cosine of the product and that name's centre, both centred.", "-1 to 1"),
            Column(
                "margin",
                "DOUBLE",
                "That similarity less the next name's; NULL if there is one name only.",
                "cosine",
            ),
        ),
    ),
    Table(
        "named_scores",
        "How well the named groups agree with the categories; not part of `scores`, as they use the categories' names.",
        (
            METHOD,
            Column("metric", "VARCHAR", "ari, ami, accuracy or macro_f1."),
            Column("value", "DOUBLE", "Its value."),
            Column(
                "low",
                "DOUBLE",
                "Lower end of the 95 % interval (jackknife, duplicates as one draw); NULL if not computable.",
            ),
            Column("high", "DOUBLE", "Upper end of that interval."),
            Column("products", "INTEGER", "Products with a vector and a category."),
        ),
    ),
    Table(
        "suspects",
        "Products whose category is disputed by methods that hold most of the weight: probable wrong labels.",
        (
            PRODUCT_ID,
            CATEGORY,
            Column("suggested_category", "VARCHAR", "The category that the disputing methods put it in, by weight."),
            Column(
                "votes", "INTEGER", "How many methods dispute its category in favour of the suggested one.", "methods"
            ),
            Column("methods", "INTEGER", "How many methods have a prediction for it.", "methods"),
            Column(
                "quality",
                "DOUBLE",
                "Mean probability of its category over the methods, weighted by their skill.",
                "0 to 1",
            ),
            Column("rank", "INTEGER", "1 is the most disputed."),
        ),
    ),
    Table(
        "duplicates",
        "Products that are exact duplicates or near-duplicates of an earlier product of the catalogue.",
        (
            PRODUCT_ID,
            Column("duplicate_of", "VARCHAR", "The earlier product."),
            Column("modality", "VARCHAR", "text or image: which of the two is the same."),
            Column("match", "VARCHAR", "exact or near."),
            Column("similarity", "DOUBLE", "1 for an exact duplicate, at most 1 for a near-duplicate.", "0 to 1"),
        ),
    ),
)
