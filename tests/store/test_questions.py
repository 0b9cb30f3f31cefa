"""The questions asked of a snapshot, and the reader they are asked through."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from duckdb import DuckDBPyConnection as Cursor
from sklearn.metrics import adjusted_rand_score

from store.errors import SnapshotNotFound, StoreMissing
from store.questions import activity, catalogue, categories, colours, groups, maps, points, study
from store.reader import KEPT, Reader
from store.root import Root
from tests.factories import CATEGORIES, GROUPINGS, METHODS, SCRIPT, make_store
from tests.store import numbered

DECLARED, ESTIMATED, EMBEDDING = GROUPINGS


@pytest.fixture(scope="module")
def cursor(small_store: Root) -> Iterator[Cursor]:
    with Reader(small_store).cursor() as cursor:
        yield cursor


def test_the_leaderboard_is_sorted_with_unscored_methods_last(cursor: Cursor) -> None:
    ranking = study.leaderboard(cursor, DECLARED, "ari")
    assert {s.method for s in ranking} == {m.name for m in METHODS}
    scored = [s.value for s in ranking if s.value is not None]
    assert scored == sorted(scored, reverse=True)
    assert [s.method for s in ranking if s.value is None] == ["glove", "use"]
    embedding = study.leaderboard(cursor, EMBEDDING, "ari")
    without = ["glove", "joint", "joint-text", "use"]  # a joint graph has a manifold only
    assert [s.method for s in embedding if s.value is None] == without
    assert "--weights use=PATH" in (ranking[-1].detail or "")


def test_a_leaderboard_value_is_the_ari_of_the_stored_clusters(cursor: Cursor) -> None:
    best = study.leaderboard(cursor, EMBEDDING, "ari")[0]
    known = cursor.execute(
        """SELECT category, cluster FROM products JOIN clusters USING (product_id)
           WHERE method = ? AND grouping = ? AND category IS NOT NULL""",
        [best.method, EMBEDDING],
    ).fetchall()
    assert best.value == pytest.approx(adjusted_rand_score(*zip(*known, strict=True)))
    assert best.products == len(known)


def test_verdicts_come_by_scope_and_then_by_method(cursor: Cursor) -> None:
    scopes = [v.scope for v in study.verdicts(cursor)]
    assert scopes[:3] == ["text", "image", "text+image"]
    assert scopes[3:] == sorted(scopes[3:])
    assert study.declared(cursor) == (DECLARED, "ari")


def test_every_grouping_and_metric_is_listed_in_a_sensible_order(cursor: Cursor) -> None:
    assert study.groupings(cursor) == [DECLARED, ESTIMATED, EMBEDDING]
    assert study.metrics(cursor)[:2] == ["ari", "ami"]
    assert len(study.scores(cursor)) == (6 * 3 + 2 * 2) * 7
    assert {s.category for s in categories.category_scores(cursor, DECLARED)} == set(CATEGORIES)


@pytest.mark.parametrize(
    ("sample", "changed", "words"),
    [
        (0, None, None),
        (4, None, "a sample of 4 of 10 products"),
        (4, 0.025, "4 of 10 products, as it was estimated before 2.5% of them changed"),
    ],
)
def test_what_a_study_rests_on_is_named_unless_it_is_all(sample: int, changed: float | None, words: str | None) -> None:
    with duckdb.connect() as made:
        made.execute(f"CREATE TABLE products AS FROM range(10); CREATE TABLE study_sample AS FROM range({sample})")
        made.execute("CREATE TABLE kept_study (changed DOUBLE)")
        if changed is not None:
            made.execute("INSERT INTO kept_study VALUES (?)", [changed])
        assert catalogue.rests_on(made) == words


def test_a_map_has_a_point_per_embedded_product_in_catalogue_order(cursor: Cursor) -> None:
    found = points.positions(cursor, "cnn", "umap")
    assert found is not None
    there = points.rows(cursor)[found.x != -32768].tolist()
    assert there == [row for row in range(1, 61) if row != 8]  # product 7 has no image
    assert {(m.method, m.reducer) for m in maps.maps(cursor)} >= {("bert", "tsne"), ("cnn", "pca")}
    assert points.positions(cursor, "bert", "nonsense") is None


def test_the_groups_of_a_method_hold_each_of_its_products_once(cursor: Cursor) -> None:
    found = groups.clusters(cursor, "bert", DECLARED)
    assert sum(c.products for c in found) == 60
    cells = groups.confusion(cursor, "bert", DECLARED)
    assert sum(cell.products for cell in cells) == 59  # product 5 has no category
    for cluster in found:
        inside = [cell for cell in cells if cell.cluster == cluster.cluster]
        most = max(inside, key=lambda cell: cell.products)
        assert cluster.purity == pytest.approx(most.products / sum(cell.products for cell in inside))


def test_a_group_shows_some_that_fit_and_some_that_do_not(cursor: Cursor) -> None:
    main = {c.cluster: c.main_category for c in groups.clusters(cursor, "sift", DECLARED)}
    examples = groups.examples(cursor, "sift", DECLARED, fitting=2, odd=1)
    assert any(not m.fits for m in examples)
    assert all(m.fits == (m.category == main[m.cluster]) for m in examples)
    for cluster in main:
        assert sum(m.fits for m in examples if m.cluster == cluster) <= 2
        assert sum(not m.fits for m in examples if m.cluster == cluster) <= 1


def test_a_search_finds_products_with_every_word_in_any_case(cursor: Cursor) -> None:
    everything = catalogue.search(cursor, limit=100).products
    found = catalogue.search(cursor, "aria NO. 1", limit=100)
    assert found.total == len(found.products) > 0
    assert all("Aria" in (p.name or "") for p in found.products)
    assert len(everything) == 60
    assert [p.product_id for p in catalogue.search(cursor, "P0042").products] == ["P0042"]


def test_a_catalogue_too_large_for_memory_is_searched_all_the_same(
    cursor: Cursor, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = catalogue.search(cursor, "aria", limit=100)
    monkeypatch.setattr(catalogue, "SEARCHED_TO", 10)
    assert catalogue.search(cursor, "aria", limit=100) == kept


@pytest.mark.parametrize("text", ["%", "_____", "' OR 1=1 --", '"; DROP TABLE products', "\\"])
def test_no_character_of_a_search_is_special(cursor: Cursor, text: str) -> None:
    assert catalogue.search(cursor, text).total == 0


def test_pages_of_a_search_make_up_the_whole(cursor: Cursor) -> None:
    pages = [catalogue.search(cursor, category="Watches", limit=3, offset=3 * i) for i in range(4)]
    ids = [p.product_id for page in pages for p in page.products]
    assert len(ids) == len(set(ids)) == pages[0].total
    assert all(p.category == "Watches" for page in pages for p in page.products)


def test_a_product_is_found_by_its_id_and_by_its_catalogue_row(cursor: Cursor) -> None:
    product = catalogue.product(cursor, "P0003")
    assert product is not None
    assert SCRIPT in (product.name or "")
    at = catalogue.products_at(cursor, [9, product.catalogue_row, 10_000])
    assert [p.product_id for p in at] == ["P0008", "P0003"]
    assert catalogue.product(cursor, "no such") is None


def test_a_product_is_placed_by_each_method_as_it_is_judged(cursor: Cursor) -> None:
    found = catalogue.placements(cursor, "P0003")
    assert set(found) == set(study.judged(cursor))
    for method in ("bert", "cnn"):
        made = colours.groups(cursor, method, DECLARED)
        assert found[method].matched_category == made.names[made.codes[3] - 1]
        named = {c.cluster: c.matched_category for c in groups.clusters(cursor, method, DECLARED)}
        assert named[found[method].cluster] == found[method].matched_category
    assert {p.found_again for p in found.values()} == {0.64}


def test_a_thumbnail_is_that_products_jpeg(cursor: Cursor) -> None:
    one, other = catalogue.thumbnail(cursor, "P0001"), catalogue.thumbnail(cursor, "P0002")
    assert one is not None
    assert one.startswith(b"\xff\xd8")
    assert one != other
    assert catalogue.thumbnail(cursor, "P0007") is None


def test_neighbours_are_the_nearest_by_cosine(cursor: Cursor) -> None:
    near = catalogue.neighbours(cursor, "P0000", limit=8)["bert"]
    cosines = cursor.execute(
        """SELECT o.product_id, array_cosine_similarity(o.vector, v.vector) AS cosine
           FROM embedding_bert v, embedding_bert o WHERE v.product_id = 'P0000' AND o.product_id <> 'P0000'
           ORDER BY cosine DESC LIMIT 8"""
    ).fetchall()
    assert [n.product_id for n in near] == [product_id for product_id, _ in cosines]
    assert [n.similarity for n in near] == pytest.approx([cosine for _, cosine in cosines], abs=1e-6)
    of_product = {p.product_id: (p.name, p.category, p.has_image) for p in catalogue.search(cursor, limit=60).products}
    assert all((n.name, n.category, n.has_image) == of_product[n.product_id] for n in near)


def test_a_vector_of_zeros_is_near_nothing() -> None:
    with duckdb.connect() as cursor:
        cursor.execute(
            "CREATE TABLE products AS SELECT unnest(['a', 'b', 'c']) AS product_id, '' AS name, '' AS category"
        )
        cursor.execute("CREATE TABLE images AS SELECT 'b' AS product_id")
        cursor.execute(
            "CREATE TABLE neighbours(method TEXT, product_id TEXT, rank INT, neighbour_id TEXT, similarity REAL)"
        )
        cursor.execute(
            """INSERT INTO neighbours VALUES ('count', 'a', 1, 'b', 0), ('count', 'a', 2, 'c', 0),
                                             ('count', 'b', 1, 'c', 0.9), ('count', 'b', 2, 'a', 0)"""
        )
        assert catalogue.neighbours(cursor, "a") == {}
        assert [n.product_id for n in catalogue.neighbours(cursor, "b")["count"]] == ["c"]


def test_a_method_without_vectors_has_no_neighbours(cursor: Cursor) -> None:
    assert set(catalogue.neighbours(cursor, "P0000")) == {"count", "tfidf", "bert", "sift", "cnn", "fusion"}
    assert catalogue.neighbours(cursor, "' OR 1=1 --") == {}


def test_what_concerns_a_product_names_the_other_product(cursor: Cursor) -> None:
    topics = {(c.topic, c.other) for c in catalogue.concerns(cursor, "P0005")}
    assert ("no category", None) in topics
    assert ("duplicate", "P0012") in topics
    assert [c.other for c in catalogue.concerns(cursor, "P0010") if c.topic == "duplicate"] == ["P0003"]
    near = next(c.detail for c in catalogue.concerns(cursor, "P0012") if c.topic == "duplicate")
    assert near == "Nearly the same text as an earlier product (similarity 0.97)"


def test_the_summary_counts_what_is_there(cursor: Cursor) -> None:
    found = catalogue.summary(cursor)
    assert (found.products, found.categories, found.uncategorised, found.images) == (60, 7, 1, 59)
    assert sum(c.count for c in catalogue.categories(cursor)) == 59
    assert sum(i.count for i in catalogue.issue_counts(cursor)) == found.issues


def test_runs_steps_and_jobs_come_newest_and_longest_first(cursor: Cursor) -> None:
    runs = activity.runs(cursor)
    assert [r.status for r in runs] == ["published", "failed"]
    seconds = [s.seconds for s in activity.steps(cursor, runs[0].run_id) if s.seconds is not None]
    assert seconds == sorted(seconds, reverse=True)
    assert [(j.job, j.event) for j in activity.jobs(cursor)] == [("nightly", "published")]
    assert [e.event for e in activity.events(cursor)] == ["published", "scheduled"]


def test_a_store_without_categories_answers_every_question(bare_store: Root) -> None:
    with Reader(bare_store).cursor() as cursor:
        assert all(v.value is None for v in study.verdicts(cursor))
        assert study.metrics(cursor) == []
        assert groups.confusion(cursor, "bert", DECLARED) == []
        assert all(c.purity is None for c in groups.clusters(cursor, "bert", DECLARED))
        assert groups.examples(cursor, "bert", DECLARED, fitting=2, odd=1)
        assert catalogue.categories(cursor) == []


def test_the_reader_follows_the_newest_snapshot_and_its_changes(small_store: Root, tmp_path: Path) -> None:
    reader = Reader(Root(tmp_path))
    assert reader.number() is None
    with pytest.raises(StoreMissing), reader.cursor():
        pass
    shutil.copytree(small_store.path, tmp_path, dirs_exist_ok=True)
    assert reader.number() == 1
    stamp = reader.stamp()
    with reader.cursor() as before:
        make_store(tmp_path, products=70, seed=1)
        assert reader.number() == 2
        assert reader.stamp() != stamp
        with reader.cursor() as now:
            assert catalogue.summary(now).products == 70
            assert {c.method for c in study.changes(now, before)} >= {"bert", "cnn"}
        assert catalogue.summary(before).products == 60
    with pytest.raises(SnapshotNotFound), reader.cursor(9):
        pass


def test_a_snapshot_no_longer_kept_serves_its_open_cursors(tmp_path: Path) -> None:
    reader = Reader(Root(tmp_path))
    numbered.publish(reader.root, 1)
    with reader.cursor(1) as old:
        for number in range(2, KEPT + 3):
            numbered.publish(reader.root, number)
            with reader.cursor() as cursor:
                assert numbered.carried(cursor) == numbered.whole(number)
        assert len(reader._open) == KEPT
        assert numbered.carried(old) == numbered.whole(1)


def test_an_old_snapshot_is_shown_while_newer_ones_are_open(tmp_path: Path) -> None:
    reader = Reader(Root(tmp_path))
    for number in range(1, KEPT + 2):
        numbered.publish(reader.root, number)
    for number in (*range(2, KEPT + 2), 1):
        with reader.cursor(number) as cursor:
            assert numbered.carried(cursor) == numbered.whole(number)
    assert sorted(reader._open) == list(range(1, KEPT + 2))
    numbered.publish(reader.root, KEPT + 2)
    with reader.cursor():
        assert sorted(reader._open) == list(range(3, KEPT + 3))  # the old one is kept no longer than till the next


def test_many_threads_read_at_once(small_store: Root) -> None:
    reader = Reader(small_store)
    found: list[int] = []

    def ask() -> None:
        for _ in range(5):
            with reader.cursor() as cursor:
                found.append(catalogue.search(cursor, "no.").total)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [60] * 40


def test_without_categories_points_are_coloured_by_their_groups(bare_store: Root) -> None:
    with Reader(bare_store).cursor() as cursor:
        found = colours.coloured(cursor, "cluster", "bert", DECLARED)
        rows = cursor.execute(
            """SELECT c.cluster FROM products p LEFT JOIN clusters c
               ON c.product_id = p.product_id AND c.method = 'bert' AND c.grouping = ? ORDER BY p.catalogue_row""",
            [DECLARED],
        ).fetchall()
    assert [None if code == 0 else found.names[code - 1] for code in found.codes.tolist()] == [
        None if cluster is None else f"group {cluster}" for (cluster,) in rows
    ]
    assert len(set(found.names)) > 1


def test_values_of_own_columns_are_the_same_kept_in_memory_or_not(
    small_store: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for kept in (0, catalogue.KEPT_COLUMNS):
        monkeypatch.setattr(catalogue, "KEPT_COLUMNS", kept)
        with Reader(small_store).cursor() as cursor:
            name = catalogue.attributes(cursor)[0]
            table, binds = catalogue.own_values(cursor, name)
            assert bool(binds) == (kept == 0)
            found.append(cursor.execute(f"SELECT * FROM {table} ORDER BY ALL", binds).fetchall())
    assert found[0] == found[1]
    assert any(value for _, value in found[0])
