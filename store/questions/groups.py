"""What each group holds, and which categories it mixes."""

from collections.abc import Sequence
from dataclasses import dataclass

from store.questions.ask import Cursor, rows


@dataclass(frozen=True)
class Cell:
    """One cell of the confusion table."""

    category: str
    cluster: int
    matched_category: str | None
    products: int


@dataclass(frozen=True)
class Cluster:
    """One group: its size, the category of most of its products, and the fraction of that category (purity)."""

    cluster: int
    matched_category: str | None
    products: int
    main_category: str | None
    purity: float | None


@dataclass(frozen=True)
class Example:
    """A product of a group, as an example. `fits`: it is of the group's main category."""

    cluster: int
    product_id: str
    name: str | None
    category: str | None
    has_image: bool
    fits: bool


# the products of one grouping, with their categories
GROUPED = """SELECT c.cluster, c.matched_category, p.product_id, p.name, p.category, p.catalogue_row
             FROM clusters c JOIN products p USING (product_id)
             WHERE c.method = ? AND c.grouping = ?"""
# with a list of groups only those; with NULL all
OF = "(?::INTEGER[] IS NULL OR list_contains(?::INTEGER[], c.cluster))"
# each group's most frequent category
MAIN = """SELECT cluster, category AS main_category, count(*) AS products FROM grouped WHERE category IS NOT NULL
          GROUP BY cluster, category
          QUALIFY row_number() OVER (PARTITION BY cluster ORDER BY count(*) DESC, category) = 1"""


def confusion(cursor: Cursor, method: str, grouping: str) -> list[Cell]:
    """The confusion table of a grouping; zeros are left out."""
    return rows(
        cursor,
        Cell,
        """SELECT category, cluster, matched_category, products FROM confusions
           WHERE method = ? AND grouping = ? ORDER BY category, cluster""",
        (method, grouping),
    )


def clusters(cursor: Cursor, method: str, grouping: str) -> list[Cluster]:
    """The groups of a grouping, by number. Purity counts the products that have a category."""
    return rows(
        cursor,
        Cluster,
        f"""WITH grouped AS ({GROUPED}), main AS ({MAIN})
            SELECT g.cluster, any_value(g.matched_category) AS matched_category, count(*) AS products,
                   any_value(m.main_category) AS main_category,
                   any_value(m.products) / nullif(count(g.category), 0) AS purity
            FROM grouped g LEFT JOIN main m USING (cluster) GROUP BY g.cluster ORDER BY g.cluster""",
        (method, grouping),
    )


def examples(
    cursor: Cursor, method: str, grouping: str, *, fitting: int, odd: int, of: Sequence[int] | None = None
) -> list[Example]:
    """Some products of each group (of those in `of`): up to `fitting` of its main category and up to `odd` of others.

    The same products each time: spread over the catalogue by a hash of their id.
    """
    return rows(
        cursor,
        Example,
        f"""WITH grouped AS ({GROUPED} AND {OF}), main AS ({MAIN}),
            marked AS (
              SELECT g.cluster, g.product_id, g.name, g.category,
                     coalesce(g.category = m.main_category, m.main_category IS NULL) AS fits
              FROM grouped g LEFT JOIN main m USING (cluster)),
            chosen AS (
              SELECT * FROM marked
              QUALIFY row_number() OVER (PARTITION BY cluster, fits ORDER BY md5(product_id)) <= if(fits, ?, ?))
            SELECT c.*, i.product_id IS NOT NULL AS has_image
            FROM chosen c LEFT JOIN (SELECT product_id FROM images) i USING (product_id)
            ORDER BY cluster, fits DESC, md5(product_id)""",
        (method, grouping, of, of, fitting, odd),
    )


@dataclass(frozen=True)
class Description:
    """What a group is, without the categories: a proposed name, its most distinctive terms, and its stability."""

    cluster: int
    name: str | None
    terms: list[str]
    stability: float | None


@dataclass(frozen=True)
class Central:
    """One of the most central products of a group; `similarity` is its mean cosine with the group's products."""

    cluster: int
    product_id: str
    name: str | None
    category: str | None
    has_image: bool
    similarity: float | None


def descriptions(cursor: Cursor, method: str, grouping: str, terms: int = 6) -> dict[int, Description]:
    """What each group of a grouping is, by its number, with up to that many terms."""
    found = rows(
        cursor,
        Description,
        """SELECT c.cluster, any_value(d.name) AS name, any_value(s.stability) AS stability,
                  coalesce(any_value(t.terms), []) AS terms
           FROM (SELECT DISTINCT cluster FROM clusters WHERE method = $m AND grouping = $g) c
           LEFT JOIN (FROM cluster_descriptions WHERE method = $m AND grouping = $g) d USING (cluster)
           LEFT JOIN (FROM cluster_stability WHERE method = $m AND grouping = $g) s USING (cluster)
           LEFT JOIN (SELECT cluster, list(term ORDER BY "rank") AS terms FROM cluster_terms
                      WHERE method = $m AND grouping = $g AND "rank" <= $n GROUP BY cluster) t
             USING (cluster)
           GROUP BY c.cluster ORDER BY c.cluster""",
        {"m": method, "g": grouping, "n": terms},  # type: ignore[arg-type]
    )
    return {d.cluster: d for d in found}


def central(cursor: Cursor, method: str, grouping: str, limit: int, of: Sequence[int] | None = None) -> list[Central]:
    """Up to that many of the most central products of each group (of those in `of`), the most central first."""
    return rows(
        cursor,
        Central,
        f"""SELECT c.cluster, c.product_id, p.name, p.category, i.product_id IS NOT NULL AS has_image, c.similarity
           FROM cluster_products c JOIN products p USING (product_id)
           LEFT JOIN (SELECT product_id FROM images) i USING (product_id)
           WHERE c.method = ? AND c.grouping = ? AND c."rank" <= ? AND {OF}
           ORDER BY c.cluster, c."rank", c.product_id""",
        (method, grouping, limit, of, of),
    )


@dataclass(frozen=True)
class Unsure:
    """A product whose place in its group is not sure; see `found_again` in the table `clusters` (0 to 1)."""

    cluster: int
    product_id: str
    name: str | None
    category: str | None
    has_image: bool
    found_again: float


def least_sure(cursor: Cursor, method: str, grouping: str, limit: int, of: Sequence[int] | None = None) -> list[Unsure]:
    """Up to that many products of each group (of those in `of`), the least often found again in it first."""
    return rows(
        cursor,
        Unsure,
        f"""SELECT c.cluster, c.product_id, p.name, p.category, i.product_id IS NOT NULL AS has_image, c.found_again
           FROM clusters c JOIN products p USING (product_id)
           LEFT JOIN (SELECT product_id FROM images) i USING (product_id)
           WHERE c.method = ? AND c.grouping = ? AND c.found_again < 1 AND {OF}
           QUALIFY row_number() OVER (PARTITION BY c.cluster ORDER BY c.found_again, c.product_id) <= ?
           ORDER BY c.cluster, c.found_again, c.product_id""",
        (method, grouping, of, of, limit),
    )
