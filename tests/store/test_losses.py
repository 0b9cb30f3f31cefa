"""What a study left out is a sentence each, with figures and the first reason."""

import duckdb
import pytest

from store.questions.losses import losses

PRODUCTS = "SELECT i AS product_id, i AS catalogue_row FROM range(1, 41) t(i)"


def asked(*issues: tuple[object, ...], texts: int = 40, images: int = 40) -> list[str]:
    with duckdb.connect() as connection:
        connection.execute(f"CREATE VIEW products AS {PRODUCTS}")
        connection.execute(f"CREATE VIEW texts AS SELECT * FROM range({texts})")
        connection.execute(f"CREATE VIEW images AS SELECT * FROM range({images})")
        connection.execute(
            "CREATE TABLE issues (product_id VARCHAR, catalogue_row BIGINT, stage VARCHAR, problem VARCHAR,"
            " detail VARCHAR)"
        )
        for issue in issues:
            connection.execute("INSERT INTO issues VALUES (?, ?, ?, ?, ?)", issue)
        return losses(connection.cursor())


def test_rows_that_were_left_out_are_counted_with_the_first_reason() -> None:
    rows = [(None, 50 + i, "catalogue", "ragged row", f"reason {i}") for i in range(19)]
    rows += [("7", 90, "catalogue", "duplicate id", "again"), ("8", 8, "catalogue", "ragged row", "filled")]
    assert asked(*rows) == ["20 of 60 rows were left out (19 ragged row, 1 duplicate id). The first, row 50: reason 0"]


@pytest.mark.parametrize("problem", ["no image", "no images folder", "no text", "variants"])
def test_what_concerns_the_whole_catalogue_stands_in_its_words(problem: str) -> None:
    assert asked((None, None, "images", problem, "in words")) == ["in words"]


def test_products_without_image_or_text_are_counted() -> None:
    missing = [(str(i), i, "images", "missing image", "gone") for i in range(1, 5)]
    assert asked(*missing, texts=38, images=36) == [
        "4 of 40 products have no image that could be read (4 missing image).",
        "2 of 40 products have no text.",
    ]


def test_there_is_no_line_where_nothing_was_left_out() -> None:
    assert asked(texts=40, images=0) == []
