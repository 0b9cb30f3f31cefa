"""A selection of products: its rules in an address, its sentence, and the products that it gives."""

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import duckdb
import pyarrow.parquet as pq
import pytest
from dash import Dash

from dashboard import words
from dashboard.selecting.conditions import Place
from dashboard.selecting.selection import FORMS, BadRule, Rule, address, describe, query, read, rule, selected
from dashboard.state import Address, Control
from store.errors import QueryError, SnapshotNotFound
from store.questions import catalogue
from store.reader import Reader
from store.root import Root
from tests.dashboard.ask import answered, products_page
from tests.factories import DECLARED, make_store


@pytest.fixture(scope="module")
def place(large_store: Root) -> Iterator[Place]:
    with Reader(large_store).cursor() as cursor:
        yield Place(cursor, large_store, 1)


def ids(place: Place, *rules: Rule) -> list[str]:
    return selected(rules, place)


def asked(place: Place, sql: str, *values: Any) -> list[str]:
    return sorted(row[0] for row in place.cursor.execute(sql, values).fetchall())


EVERY = (
    rule("category", "Watches", ""),
    rule("group", "bert", DECLARED, 3),
    rule("placed", "joint", "Home Furnishing"),
    rule("placed", "joint", ""),
    rule("right", "bert"),
    rule("wrong", "cnn"),
    rule("suspect"),
    rule("suspect", "Watches"),
    rule("issue", "missing image", "images"),
    rule("duplicate"),
    rule("duplicate", "image", "exact"),
    rule("moved", 1),
    rule("moved", 1, "regrouped"),
    rule("is", "brand", "A~b%7E"),
    rule("range", "price", "100", "1e3"),
    rule("sql", "SELECT product_id FROM products LIMIT 3"),
)


def test_the_guide_has_every_form_of_rule() -> None:
    guide = (Path(__file__).parent.parent.parent / "docs" / "queries.md").read_text(encoding="utf-8")
    assert {found for line in guide.splitlines() for found in re.findall(r"`([a-z]+)(?:~[A-Z~]+)?`", line)} >= set(
        FORMS
    )


def test_every_form_is_written_read_and_put_into_a_sentence() -> None:
    assert {r.form for r in EVERY} == set(FORMS)
    search = address("/products", *EVERY).partition("?")[2]
    texts = Address("/products", (Control("where", "x", []),)).read(f"?{search}")["where"]
    assert read(texts) == EVERY
    for made in EVERY:
        assert describe([made]).startswith("Products ")
        assert "~" not in describe([made]).replace("A~b", "")
    assert describe([]) == "All products."
    assert describe([rule("category", "Watches"), rule("suspect")]) == (
        "Products of the category Watches, whose category is disputed."
    )
    assert describe([rule("category", "A", "B", "")]) == "Products of the categories A or B or without a category."


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("colour~red", "no rule 'colour'"),
        ("", "no rule ''"),
        ("group~bert", "is written group~METHOD~GROUPING~GROUP"),
        ("group~bert~manifold~-1", "a whole number, not '-1'"),
        ("suspect~a~b", "is written suspect~SUGGESTED"),
        ("moved~x", "a whole number, not 'x'"),
        ("moved~1~sideways", "one of added, recategorised and regrouped"),
        ("duplicate~smell", "one of text and image"),
        ("range~price~", "neither a lower nor an upper end"),
        ("range~price~nan", "'nan' is not a number"),
        ("category~" + "x" * 20_000, "at most 2,000 characters"),
    ],
)
def test_a_rule_that_means_nothing_is_named_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(BadRule, match="rule") as raised:
        read([text])
    assert why in str(raised.value)
    assert len(str(raised.value)) < 400


def test_an_address_has_at_most_twenty_rules() -> None:
    with pytest.raises(BadRule, match="at most 20 rules; this address has 21"):
        read(["suspect"] * 21)


def test_every_rule_gives_products_once_and_in_catalogue_order(place: Place) -> None:
    everything = asked(place, "SELECT product_id FROM products")
    assert ids(place) == everything
    for made in EVERY:
        if made.form in ("is", "issue", "sql"):
            continue
        found = ids(place, made)
        assert found == sorted(set(found)), "ids and rows of this store are in the same order"
        assert set(found) <= set(everything)
    both = ids(place, rule("category", "Watches"), rule("suspect"))
    assert both == sorted({*ids(place, rule("category", "Watches"))} & {*ids(place, rule("suspect"))})


def test_a_confusion_cell_opens_as_many_products_as_it_counts(place: Place) -> None:
    cells = place.cursor.execute(
        "SELECT category, cluster, matched_category, products FROM confusions WHERE method = 'bert' AND grouping = ?",
        [DECLARED],
    ).fetchall()
    assert len(cells) > 7
    for category, cluster, matched, products in cells:
        assert len(ids(place, rule("category", category), rule("group", "bert", DECLARED, cluster))) == products
        assert len(ids(place, rule("category", category), rule("placed", "bert", matched))) == products


def test_right_and_wrong_part_the_products_that_have_a_category(place: Place) -> None:
    scored = asked(
        place,
        "SELECT product_id FROM products JOIN clusters USING (product_id) SEMI JOIN judged_groupings"
        " USING (method, grouping) WHERE method = 'sift' AND category IS NOT NULL",
    )
    right, wrong = ids(place, rule("right", "sift")), ids(place, rule("wrong", "sift"))
    assert right
    assert wrong
    assert sorted(right + wrong) == scored
    better = ids(place, rule("right", "bert"), rule("wrong", "sift"))
    assert set(better) == set(wrong) & set(ids(place, rule("right", "bert")))
    assert better


def test_findings_are_selected_as_their_tables_have_them(place: Place) -> None:
    assert ids(place, rule("suspect")) == asked(place, "SELECT product_id FROM suspects")
    assert ids(place, rule("issue", "missing image")) == ["P0007"]
    assert ids(place, rule("issue", "missing image", "catalogue")) == []
    assert ids(place, rule("duplicate", "image")) == ["P0003", "P0004", "P0010", "P0018"]
    assert ids(place, rule("duplicate", "image", "near")) == ["P0004", "P0018"]
    assert ids(place, rule("category", "")) == ["P0005"]


def test_any_column_of_the_catalogue_is_equal_or_in_a_range(place: Place) -> None:
    assert catalogue.attributes(place.cursor) == ["colour", "pack"]
    assert len(ids(place, rule("is", "colour", "blue"))) == 140
    assert ids(place, rule("is", "colour", "red")) == []
    assert ids(place, rule("is", "price", "119")) == ["P0002"]
    assert ids(place, rule("is", "brand", "")) == asked(place, "SELECT product_id FROM products WHERE brand IS NULL")
    assert ids(place, rule("range", "price", "110", "130")) == ["P0002", "P0003"]
    assert len(ids(place, rule("range", "pack", "", "1"))) == 140
    with pytest.raises(QueryError, match="has no column 'weight'"):
        ids(place, rule("is", "weight", "1"))


def test_values_are_bound_and_never_read_as_sql(place: Place) -> None:
    hostile = "x') OR 1=1 --"
    for made in (
        rule("category", hostile),
        rule("placed", hostile, hostile),
        rule("suspect", hostile),
        rule("is", "brand", hostile),
    ):
        asked_for = query([made], place)
        assert hostile not in asked_for.sql
        assert ids(place, made) == []


def test_products_that_moved_since_a_snapshot_are_selected(tmp_path: Path) -> None:
    root = make_store(tmp_path, products=60, logs=False)
    make_store(tmp_path, products=63, moved=4, logs=False)
    with Reader(root).cursor(2) as cursor, Reader(root).cursor(1) as before:
        now = Place(cursor, root, 2)
        assert ids(now, rule("moved", 1, "added")) == ["P0060", "P0061", "P0062"]
        assert ids(now, rule("moved", 1, "recategorised")) == ["P0000", "P0001", "P0002", "P0003"]
        groups = "SELECT product_id, matched_category FROM clusters WHERE method = 'joint' AND grouping = 'manifold'"
        then, later = (dict(c.execute(groups).fetchall()) for c in (before, cursor))
        regrouped = sorted(i for i in then.keys() & later.keys() if then[i] != later[i])
        assert ids(now, rule("moved", 1, "regrouped")) == regrouped
        every = {*ids(now, rule("moved", 1, "added")), *ids(now, rule("moved", 1, "recategorised")), *regrouped}
        assert ids(now, rule("moved", 1)) == sorted(every)
        assert ids(Place(before, root, 1), rule("moved", 1)) == []
        with pytest.raises(SnapshotNotFound, match="no snapshot 9"):
            ids(now, rule("moved", 9))


def test_a_column_is_named_whatever_is_in_its_name(place: Place) -> None:
    odd = 'a"b/c~d'
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE products (product_id VARCHAR, attributes VARCHAR, catalogue_row INTEGER)")
        connection.execute("INSERT INTO products VALUES ('P', ?, 1), ('Q', '{}', 2)", [json.dumps({odd: "1"})])
        assert catalogue.attributes(connection) == [odd]
        assert selected([rule("is", odd, "1")], Place(connection, place.root, 1)) == ["P"]


def on_products(app: Dash, *where: str) -> tuple[str, str]:
    """The count of the page Products for rules of an address, and all that it shows, as it is sent."""
    found = products_page(app, where=list(where))
    return found["products-count"]["children"], json.dumps(found)


def test_products_lists_a_selection_and_says_what_it_is(app: Dash, place: Place) -> None:
    rules = (rule("category", "Watches"), rule("wrong", "sift"))
    count, found = on_products(app, *map(str, rules))
    assert count == words.count(len(ids(place, *rules)), "product")
    assert describe(rules) in found
    assert "/selection/csv" in found
    assert "/selection/parquet" in found


def test_a_bad_rule_gives_a_line_and_no_products(app: Dash) -> None:
    for bad, line in (
        ("colour~red", "no rule 'colour'"),
        ("is~weight~1", "no column 'weight'"),
        ("moved~9", "no snapshot 9"),
    ):
        count, found = on_products(app, bad)
        assert line in found
        assert count == ""


def test_a_file_holds_exactly_the_selection(app: Dash, place: Place) -> None:
    rules = (rule("category", "Watches"), rule("wrong", "sift"))
    wanted = ids(place, *rules)
    client = app.server.test_client()

    def held(where: str) -> list[str]:
        file = client.get(where).data
        return [str(found) for found in pq.read_table(io.BytesIO(file))["product_id"].to_pylist()]

    assert held(address("/selection/parquet", *rules, number=1)) == wanted
    assert held(address("/selection/parquet", rule("wrong", "sift"), number=1, category="Watches")) == wanted
    assert held(address("/selection/parquet", rule("category", "nothing"), number=1)) == []
    lines = client.get(address("/selection/csv", *rules, number=1)).text.splitlines()
    assert [line.split(",")[0].strip('"') for line in lines if line.startswith('"P0')] == wanted
    refused = client.get("/selection/csv?number=1&where=colour~red")
    assert refused.status_code == 400
    assert "no rule 'colour'" in refused.text


def test_a_clicked_cell_of_the_confusion_table_opens_its_products(app: Dash, place: Place) -> None:
    body = answered(app, "groups-body", {"groups-method.value": "bert", "groups-grouping.value": "judged"})
    cells = re.findall(r'\["([^"]*), group \d+: (\d+) products? [^"]*", "([^"]+)", (\d+)\]', json.dumps(body))
    hover, count, category, group = next(cell for cell in cells if int(cell[1]) > 1 and "&" in cell[0])
    clicked = {"points": [{"customdata": [hover, category, int(group)]}]}
    inputs = {"confusion.clickData": clicked}
    states = {"groups-method.value": "bert", "groups-grouping.value": "judged", "snapshot.data": 1}
    key = next(key for key in app.callback_map if key.startswith("go.href"))
    asked_for = {
        "output": key,
        "outputs": {"id": "go", "property": key.removeprefix("go.")},
        "inputs": [dict(zip(("id", "property"), n.split("."), strict=True)) | {"value": v} for n, v in inputs.items()],
        "state": [dict(zip(("id", "property"), n.split("."), strict=True)) | {"value": v} for n, v in states.items()],
        "changedPropIds": ["confusion.clickData"],
    }
    answer = app.server.test_client().post("/_dash-update-component", json=asked_for)
    where = parse_qs(urlsplit(json.loads(answer.data)["response"]["go"]["href"]).query)["where"]
    assert where == [str(rule("category", "Kitchen & Dining")), str(rule("group", "bert", DECLARED, int(group)))]
    assert len(ids(place, *read(where))) == int(count)
