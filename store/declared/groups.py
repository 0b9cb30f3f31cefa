"""What is computed from the vectors without the categories: maps, groups, their number, and descriptions of them."""

from store.columns import GROUPING, METHOD, PRODUCT_ID, Column, Table

NEIGHBOUR = (
    METHOD,
    PRODUCT_ID,
    Column("rank", "INTEGER", "1 is the nearest."),
    Column("neighbour_id", "VARCHAR", "The neighbour's product_id."),
    Column("similarity", "FLOAT", "Cosine of the two vectors.", "-1 to 1"),
)

FOUND_AGAIN = Column(
    "found_again",
    "DOUBLE",
    "Fraction of the resamples with this product that put it in its group again; NULL if none drew it.",
    "0 to 1",
)

TABLES = (
    Table(
        "study_sample",
        "The products that the study rests on, where it rests on a sample; no rows where it rests on all products. Of "
        "a sample are all scores, intervals, verdicts, probes, suspects, numbers and descriptions of groups.",
        (PRODUCT_ID,),
    ),
    Table(
        "kept_study",
        "One row where what is estimated was taken over from an earlier run (`study.reestimate`); it then rests on the "
        "products of `study_sample`, which are unchanged since.",
        (
            Column(
                "changed",
                "DOUBLE",
                "Fraction of the products that are new, changed or gone since it was estimated.",
                "0 to 1",
            ),
        ),
    ),
    Table(
        "neighbours",
        "The nearest other products of each product in a method's vectors, by cosine; `neighbour_searches` says where "
        "they are not exact.",
        NEIGHBOUR,
    ),
    Table(
        "sample_neighbours",
        "As `neighbours`, among the products of `study_sample`: the groups of the sample rest on them. Exact.",
        NEIGHBOUR,
    ),
    Table(
        "neighbour_searches",
        "How `neighbours` was searched in a catalogue of which the study rests on a sample; without a row it is exact.",
        (
            METHOD,
            Column("search", "VARCHAR", "exact, or faiss (an index, approximate)."),
            Column("products", "INTEGER", "Products with a vector.", "products"),
            Column("neighbours", "INTEGER", "Neighbours found of each.", "products"),
            Column("recall", "DOUBLE", "Fraction of the true neighbours that were found, of the queries.", "0 to 1"),
            Column("queries", "INTEGER", "Products, a seeded draw, whose neighbours were searched exactly too."),
        ),
    ),
    Table(
        "projections",
        "The 2-D maps: one row per method, reducer and product. They are for looking at; no verdict uses them. Of a "
        "sample the maps are drawn, and the other products placed: pca by its axes, tsne and umap at the median of "
        "their nearest sampled products.",
        (
            METHOD,
            Column("reducer", "VARCHAR", "How the embedding was reduced to two dimensions: pca, tsne or umap."),
            PRODUCT_ID,
            Column("x", "FLOAT", "First coordinate."),
            Column("y", "FLOAT", "Second coordinate."),
        ),
    ),
    Table(
        "projection_scores",
        "How well each 2-D map keeps the neighbours of the embedding.",
        (
            METHOD,
            Column("reducer", "VARCHAR", "pca, tsne or umap."),
            Column(
                "metric", "VARCHAR", "trustworthiness: 1 if neighbours on the map are neighbours in the embedding too."
            ),
            Column("value", "DOUBLE", "Its value.", "0 to 1"),
            Column(
                "fitted",
                "VARCHAR",
                "What the map was drawn of: this catalogue, or an earlier one and the fraction of it that changed.",
            ),
        ),
    ),
    Table(
        "partitions",
        "The groups of every grouping, computed without the categories; of a sample, those of its products.",
        (
            METHOD,
            GROUPING,
            PRODUCT_ID,
            Column("cluster", "INTEGER", "The group, 0 to k - 1."),
            FOUND_AGAIN,
        ),
    ),
    Table(
        "resampled_partitions",
        "Groupings of a sample of the products (63 %, drawn by their ids): how much groups depend on the products.",
        (
            METHOD,
            GROUPING,
            Column("resample", "INTEGER", "The number of the sample."),
            PRODUCT_ID,
            Column("cluster", "INTEGER", "The group, 0 to k - 1."),
        ),
    ),
    Table(
        "partition_scores",
        "The measures of each grouping that need no categories.",
        (
            METHOD,
            GROUPING,
            Column("metric", "VARCHAR", "silhouette: the mean over the products, in the space that was clustered."),
            Column("value", "DOUBLE", "Its value.", "-1 to 1"),
        ),
    ),
    Table(
        "cluster_stability",
        "Whether each group of `clusters` is found again when the products are resampled and grouped again.",
        (
            METHOD,
            GROUPING,
            Column("cluster", "INTEGER", "The group."),
            Column(
                "stability", "DOUBLE", "Mean Jaccard with its nearest group, over resamples (Hennig 2007).", "0 to 1"
            ),
            Column("resamples", "INTEGER", "How many resamples contained products of it."),
        ),
    ),
    Table(
        "clusters",
        "The groups of every grouping, with the category that each group is matched to.",
        (
            METHOD,
            GROUPING,
            PRODUCT_ID,
            Column("cluster", "INTEGER", "The group, 0 to k - 1."),
            Column(
                "matched_category",
                "VARCHAR",
                "The category of the group in the best one-to-one matching (Hungarian); NULL if none.",
            ),
            FOUND_AGAIN,
            Column(
                "placed",
                "BOOLEAN",
                "Whether it was placed by its nearest products of `study_sample`, because it is not one of them.",
            ),
        ),
    ),
    Table(
        "cluster_descriptions",
        "A proposed name for each group of `clusters`, made from its terms without the categories.",
        (
            METHOD,
            GROUPING,
            Column("cluster", "INTEGER", "The group."),
            Column("name", "VARCHAR", "A name proposed from its most distinctive terms; NULL without texts."),
            Column("products", "INTEGER", "Products in the group; of a sample, those of it."),
        ),
    ),
    Table(
        "cluster_terms",
        "The most distinctive terms of each group.",
        (
            METHOD,
            GROUPING,
            Column("cluster", "INTEGER", "The group."),
            Column("rank", "INTEGER", "1 is the most distinctive."),
            Column("term", "VARCHAR", "A term of the cleaned texts."),
            Column(
                "weight", "DOUBLE", "fraction x ln(fraction / mean fraction over groups), after class-based TF-IDF."
            ),
            Column("fraction", "DOUBLE", "Fraction of the group's products with the term.", "0 to 1"),
        ),
    ),
    Table(
        "cluster_products",
        "The most central products of each group; of a sample, its most central ones.",
        (
            METHOD,
            GROUPING,
            Column("cluster", "INTEGER", "The group."),
            Column("rank", "INTEGER", "1 is the most central."),
            PRODUCT_ID,
            Column("similarity", "DOUBLE", "Mean cosine similarity to the group's products.", "-1 to 1"),
        ),
    ),
    Table(
        "k_estimates",
        "The number of groups, estimated without the categories, beside the number of categories.",
        (
            METHOD,
            Column(
                "k",
                "INTEGER",
                "The estimate, by communities of the neighbour graph; 1 means that no groups were found.",
                "groups",
            ),
            Column("low", "INTEGER", "The lowest number of the resamples, over all scales.", "groups"),
            Column("high", "INTEGER", "The highest number of the resamples.", "groups"),
            Column("categories", "INTEGER", "Categories in the catalogue; NULL if it has none.", "categories"),
        ),
    ),
    Table(
        "k_curves",
        "The resamples behind `k_estimates`: how many of them fell into each number of groups.",
        (
            METHOD,
            Column("k", "INTEGER", "Number of groups.", "groups"),
            Column("fraction", "DOUBLE", "Fraction of the resamples with that number.", "0 to 1"),
        ),
    ),
)
