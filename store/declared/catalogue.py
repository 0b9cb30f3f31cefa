"""What was read: the products, their images and texts, what was wrong with them, and what made the vectors."""

from store.columns import CATEGORY, METHOD, PRODUCT_ID, Column, Table

TABLES = (
    Table(
        "products",
        "One row per product that was read from the catalogue.",
        (
            PRODUCT_ID,
            Column("name", "VARCHAR", "The product's name or title."),
            Column("description", "VARCHAR", "The description as the catalogue wrote it."),
            CATEGORY,
            Column("category_path", "VARCHAR", "The whole category path, levels joined by ' >> '."),
            Column("image_path", "VARCHAR", "The path of the image in the catalogue; NULL if there is none."),
            Column(
                "other_images",
                "VARCHAR[]",
                "Its further images in the catalogue, in their order; tried if it is missing.",
            ),
            Column("brand", "VARCHAR", "The brand; NULL if the catalogue has none."),
            Column("price", "DOUBLE", "The price.", "the catalogue's currency"),
            Column("attributes", "VARCHAR", "All other columns of the catalogue, as a JSON object of strings."),
            Column("catalogue_row", "BIGINT", "Its row in the catalogue, from 1 for the first data row."),
        ),
    ),
    Table(
        "images",
        "One row per product whose image could be decoded.",
        (
            PRODUCT_ID,
            Column("image_path", "VARCHAR", "The image file, relative to the images folder."),
            Column(
                "sha256",
                "VARCHAR",
                "SHA-256 of the image file's bytes, in hexadecimal: equal for products with the same image file.",
            ),
            Column("width", "INTEGER", "Width of the original.", "pixels"),
            Column("height", "INTEGER", "Height of the original.", "pixels"),
            Column("thumbnail", "BLOB", "A JPEG of the image, its long side at most 256 pixels."),
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
            Column("language", "VARCHAR", "The language of the catalogue by which it was cleaned, as ISO 639-1: en."),
        ),
    ),
    Table(
        "terms",
        "Bag-of-words weights as rows: one per method, product and term with a weight above zero.",
        (
            METHOD,
            PRODUCT_ID,
            Column("term", "VARCHAR", "The term of the vocabulary."),
            Column("weight", "FLOAT", "Its weight in the text, above 0: a count, or a TF-IDF weight."),
        ),
    ),
    Table(
        "issues",
        "Everything that was wrong with the input or was left out, and what was done about it.",
        (
            Column("product_id", "VARCHAR", "The product, as far as it is known."),
            Column(
                "catalogue_row",
                "BIGINT",
                "The row of the catalogue, from 1; NULL if not about a row.",
            ),
            Column("stage", "VARCHAR", "The step that found it: catalogue, images, texts or 'features:<method>'."),
            Column("problem", "VARCHAR", "Its short name, for counting: duplicate id, broken image, ..."),
            Column("detail", "VARCHAR", "What exactly was found, and what was done."),
        ),
    ),
    Table(
        "models",
        "What ran for each method, or why nothing ran.",
        (
            METHOD,
            Column("modality", "VARCHAR", "What it reads: text, image or text+image."),
            Column("model", "VARCHAR", "The model's own name."),
            Column("source", "VARCHAR", "Where its weights come from: fitted here, a path, embedded, package, hub."),
            Column("licence", "VARCHAR", "The licence of the weights."),
            Column(
                "sha256",
                "VARCHAR",
                "SHA-256 of the weights, in hexadecimal; NULL where the model is fitted on this catalogue.",
            ),
            Column(
                "fitted",
                "VARCHAR",
                "What it was fitted on: this catalogue, or an earlier one and the fraction of it that changed since; "
                "NULL where nothing is fitted.",
            ),
            Column("dimensions", "INTEGER", "Length of a vector; NULL for a joint graph, which has none.", "numbers"),
            Column("parameters", "VARCHAR", "All settings of the method, as JSON."),
            Column("status", "VARCHAR", "ran, unavailable or failed."),
            Column("detail", "VARCHAR", "For 'unavailable' and 'failed': the reason and the remedy."),
            Column("products", "INTEGER", "Products with a vector or, of a joint graph, in it.", "products"),
        ),
    ),
)
