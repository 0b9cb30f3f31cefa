"""What is to be checked in the catalogue: disputed labels, and duplicates."""

from dataclasses import dataclass

from store.questions.ask import Cursor, first, rows


@dataclass(frozen=True)
class Suspect:
    """A product whose category is disputed; see the table `suspects`."""

    rank: int
    product_id: str
    name: str | None
    category: str | None
    has_image: bool
    suggested_category: str | None
    votes: int
    methods: int
    quality: float | None


@dataclass(frozen=True)
class Votes:
    """How many suspects there are, and by how many of the methods their categories are disputed."""

    suspects: int
    fewest: int
    most: int
    methods: int


@dataclass(frozen=True)
class Side:
    """One of the two products of a duplicate pair."""

    product_id: str
    name: str | None
    category: str | None
    has_image: bool


@dataclass(frozen=True)
class Pair:
    """A product and the earlier one that it duplicates; see the table `duplicates`."""

    later: Side
    earlier: Side
    modality: str
    match: str | None
    similarity: float


@dataclass(frozen=True)
class PairCount:
    """How many duplicate pairs there are of a modality and match."""

    modality: str
    match: str | None
    pairs: int


@dataclass(frozen=True)
class Match:
    """What two products have in common; see the table `duplicates`."""

    modality: str
    match: str | None
    similarity: float


HAS_IMAGE = "IN (SELECT product_id FROM images)"


def suspects(cursor: Cursor, category: str | None = None, limit: int = 25, offset: int = 0) -> list[Suspect]:
    """The suspects whose category is that one (any, if None), the most disputed first."""
    return rows(
        cursor,
        Suspect,
        f"""SELECT s."rank", s.product_id, p.name, s.category, s.product_id {HAS_IMAGE} AS has_image,
                   s.suggested_category, s.votes, s.methods, s.quality
            FROM suspects s LEFT JOIN products p USING (product_id)
            WHERE ? IS NULL OR s.category = ? ORDER BY s."rank", s.product_id LIMIT ? OFFSET ?""",
        (category, category, limit, offset),
    )


def suspect(cursor: Cursor, product_id: str) -> Suspect | None:
    """That product as a suspect; None if it is none."""
    return first(
        cursor,
        Suspect,
        f"""SELECT s."rank", s.product_id, p.name, s.category, s.product_id {HAS_IMAGE} AS has_image,
                   s.suggested_category, s.votes, s.methods, s.quality
            FROM suspects s LEFT JOIN products p USING (product_id) WHERE s.product_id = ?""",
        [product_id],
    )


def suspect_categories(cursor: Cursor) -> dict[str, int]:
    """How many suspects each category has, by name."""
    found = cursor.execute("SELECT category, count(*) FROM suspects GROUP BY category ORDER BY category").fetchall()
    return dict(found)


def duplicate_counts(cursor: Cursor) -> list[PairCount]:
    """How many duplicate pairs there are, by modality and whether they are exact or near."""
    return rows(
        cursor,
        PairCount,
        'SELECT modality, "match", count(*) AS pairs FROM duplicates GROUP BY ALL ORDER BY "match", modality DESC',
    )


def duplicates(
    cursor: Cursor, modality: str | None = None, match: str | None = None, limit: int = 25, offset: int = 0
) -> list[Pair]:
    """The duplicate pairs of that modality and match (any, if None), the most similar first."""
    found = cursor.execute(
        f"""SELECT d.product_id, p.name, p.category, d.product_id {HAS_IMAGE},
                   d.duplicate_of, o.name, o.category, d.duplicate_of {HAS_IMAGE},
                   d.modality, d."match", d.similarity
            FROM duplicates d LEFT JOIN products p USING (product_id)
            LEFT JOIN products o ON o.product_id = d.duplicate_of
            WHERE ($modality IS NULL OR d.modality = $modality) AND ($match IS NULL OR d."match" = $match)
            ORDER BY d.similarity DESC, d.product_id, d.duplicate_of, d.modality LIMIT $limit OFFSET $offset""",
        {"modality": modality, "match": match, "limit": limit, "offset": offset},
    ).fetchall()
    return [Pair(Side(*row[:4]), Side(*row[4:8]), *row[8:]) for row in found]


def matches(cursor: Cursor, product_id: str, duplicate_of: str) -> list[Match]:
    """What a product and the earlier one have in common, the most similar first."""
    return rows(
        cursor,
        Match,
        """SELECT modality, "match", similarity FROM duplicates WHERE product_id = ? AND duplicate_of = ?
           ORDER BY similarity DESC, modality""",
        (product_id, duplicate_of),
    )


def suspect_votes(cursor: Cursor, category: str | None = None) -> Votes | None:
    """The number of suspects of that category (any, if None) and how many methods dispute them; None without any."""
    found = first(
        cursor,
        Votes,
        """SELECT count(*) AS suspects, min(votes) AS fewest, max(votes) AS most, max(methods) AS methods
           FROM suspects WHERE ? IS NULL OR category = ?""",
        (category, category),
    )
    return found if found and found.suspects else None
