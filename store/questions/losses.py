"""What the newest study left out: rows that became no product, products without image or text."""

from store.questions.ask import Cursor

LEFT_OUT = ("unreadable row", "ragged row", "empty row", "duplicate id")
"""Problems of a row of the catalogue for which it became no product. Rows of variants are joined, not lost."""


def losses(cursor: Cursor) -> list[str]:
    """A sentence for each: rows left out with the reasons, no or missing images, products without text."""
    ((products, texts, images),) = cursor.execute(
        "SELECT (SELECT count(*) FROM products), (SELECT count(*) FROM texts), (SELECT count(*) FROM images)"
    ).fetchall()
    rows = cursor.execute(
        """SELECT problem, count(*), min_by(detail, catalogue_row), min(catalogue_row) FROM issues
           WHERE stage = 'catalogue' AND list_contains($left_out, problem)
             AND catalogue_row NOT IN (SELECT catalogue_row FROM products) GROUP BY problem ORDER BY 2 DESC, 1""",
        {"left_out": list(LEFT_OUT)},
    ).fetchall()
    found = []
    if rows:
        lost = sum(row[1] for row in rows)
        why = ", ".join(f"{count:,} {problem}" for problem, count, _, _ in rows)
        found.append(
            f"{lost:,} of {lost + products:,} rows were left out ({why}). The first, row {rows[0][3]}: {rows[0][2]}"
        )
    whole = cursor.execute(
        """SELECT detail FROM issues WHERE product_id IS NULL AND problem IN ('no image', 'no images folder', 'no text',
           'variants', 'language') ORDER BY stage, problem"""
    ).fetchall()
    found += [detail for (detail,) in whole]
    missing = cursor.execute(
        """SELECT problem, count(*) FROM issues WHERE stage = 'images' AND product_id IS NOT NULL
           GROUP BY 1 ORDER BY 2 DESC, 1"""
    ).fetchall()
    if missing and images < products:
        why = ", ".join(f"{count:,} {problem}" for problem, count in missing)
        found.append(f"{products - images:,} of {products:,} products have no image that could be read ({why}).")
    if texts and texts < products:
        found.append(f"{products - texts:,} of {products:,} products have no text.")
    return found
