"""Review in a browser: item by item with keys and buttons, with decisions that a reload and another page show."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from store import logs
from store.questions import reviews
from store.questions.reviews import Item
from store.reader import Reader
from store.root import Root
from tests.browser.conftest import shown
from tests.factories import make_store

pytestmark = pytest.mark.browser
expect.set_options(timeout=30_000)


@pytest.fixture
def review(unreviewed: Root, page: Page) -> Iterator[str]:
    """The address of the page Review over that store."""
    with shown(unreviewed.path, page) as address:
        yield f"{address}/check/review"


def items(root: Root, finding: str | None = None) -> list[Item]:
    with Reader(root).cursor() as cursor:
        return reviews.items(cursor, finding)


def written(root: Root) -> list[tuple[str, str, str | None]]:
    """Product, decision and note of each row of the log, in order."""
    rows = [row for name in logs.files(root, "reviews") for row in logs.read(root, name).to_pylist()]
    return [(row["product_id"], row["decision"], row["note"]) for row in rows]


def at(page: Page) -> Locator:
    """The item that is shown."""
    return page.locator("#review")


def see(page: Page, item: Item) -> None:
    """Wait until that item is shown and the address names it."""
    key = "~".join(part for part in (item.finding, item.product_id, item.other_product_id) if part)
    expect(at(page)).to_have_attribute("data-item", key)
    expect(page).to_have_url(re.compile(re.escape(item.product_id)))
    assert parse_qs(urlsplit(page.url).query)["item"] == [key]


def count(page: Page, done: int, of: int) -> None:
    expect(page.locator("#review-count")).to_contain_text(f"{done} of {of} reviewed")


def test_keys_decide_skip_and_go_back_and_a_reload_shows_what_was_decided(
    unreviewed: Root, review: str, page: Page
) -> None:
    every = items(unreviewed)
    page.goto(review)
    see(page, every[0])
    count(page, 0, len(every))
    page.keyboard.press("a")
    see(page, every[1])
    count(page, 1, len(every))
    page.keyboard.press("r")
    see(page, every[2])
    page.keyboard.press("s")
    see(page, every[3])
    page.keyboard.press("ArrowLeft")
    see(page, every[2])
    page.keyboard.press("ArrowLeft")
    see(page, every[1])
    expect(at(page).locator(".review-decided")).to_contain_text("rejected")
    count(page, 2, len(every))
    page.reload()
    see(page, every[1])
    expect(at(page).locator(".review-decided")).to_contain_text("rejected")
    page.keyboard.press("u")
    expect(at(page).locator(".review-decided")).to_have_count(0)
    count(page, 1, len(every))
    page.keyboard.press("ArrowRight")
    see(page, every[2])
    page.go_back()
    see(page, every[1])
    ids = [item.product_id for item in every]
    assert written(unreviewed) == [(ids[0], "accept", None), (ids[1], "reject", None), (ids[1], "reopen", None)]


def test_letters_in_a_note_decide_nothing_and_a_decision_takes_the_note(
    unreviewed: Root, review: str, page: Page
) -> None:
    every = items(unreviewed)
    page.goto(review)
    see(page, every[0])
    page.keyboard.press("n")
    expect(page.locator("#review-note")).to_be_focused()
    page.keyboard.type("a rare strap")
    page.keyboard.press("Control+Enter")
    expect(at(page)).to_have_attribute("data-note", "a rare strap")
    see(page, every[0])
    expect(page.locator("#review-note")).to_have_value("a rare strap")
    page.locator("#review-note").fill("it is a strap")
    page.locator("[data-act=accept]").click()
    see(page, every[1])
    expect(page.locator("#review-note")).to_have_value("")
    first = every[0].product_id
    assert written(unreviewed) == [(first, "note", "a rare strap"), (first, "accept", "it is a strap")]


def test_a_suspect_shows_its_image_votes_and_what_speaks_for_which_category(
    unreviewed: Root, review: str, page: Page
) -> None:
    suspect = next(item for item in items(unreviewed, "suspect") if item.product_id != "P0007")
    page.goto(f"{review}?finding=suspect&category=*&item=suspect~{suspect.product_id}")
    see(page, suspect)
    image = at(page).locator(".review-image")
    assert image.evaluate("async node => { await node.decode(); return node.naturalWidth }") > 100
    assert (image.bounding_box() or {})["width"] > 300
    title = at(page).locator(".review-title")
    expect(title).to_contain_text(suspect.category or "")
    expect(title).to_contain_text(suspect.suggested_category or "")
    expect(at(page).locator(".votes tbody tr")).to_have_count(6)


def test_a_pair_is_side_by_side_with_its_differences_marked(unreviewed: Root, review: str, page: Page) -> None:
    pair = items(unreviewed, "duplicate")[0]
    page.goto(f"{review}?finding=duplicate&category=*")
    see(page, pair)
    expect(at(page).locator(".review-pair img")).to_have_count(2)
    for product_id in (pair.product_id, pair.other_product_id):
        marked = at(page).locator("mark", has_text=re.compile(f"^{product_id}$"))
        expect(marked).to_have_count(1)


def test_filters_narrow_the_items_and_the_last_one_ends_the_review(unreviewed: Root, review: str, page: Page) -> None:
    pairs = items(unreviewed, "duplicate")
    page.goto(review)
    see(page, items(unreviewed)[0])
    page.locator("#review-finding").select_option("duplicate")
    see(page, pairs[0])
    count(page, 0, len(pairs))
    for n in range(len(pairs)):
        see(page, pairs[n])
        page.keyboard.press("a" if n % 2 else "r")
    expect(page.locator("#review-body")).to_contain_text(f"All {len(pairs)} are reviewed")
    count(page, len(pairs), len(pairs))
    with page.expect_download() as download:
        page.locator("#review-count a").click()
    assert download.value.path().read_text(encoding="utf-8").count("duplicate") == len(pairs)
    page.goto(review.removesuffix("/review"))
    expect(page.locator(".pair .badge-tone", has_text=re.compile("^(accepted|rejected)$"))).to_have_count(len(pairs))
    page.locator(".suspect").first.get_by_text("review", exact=True).click()
    see(page, items(unreviewed, "suspect")[0])


def test_a_decision_is_kept_over_a_new_snapshot_that_an_open_page_follows(
    unreviewed: Root, review: str, page: Page
) -> None:
    pair, second = items(unreviewed, "duplicate")[:2]
    page.goto(f"{review}?finding=duplicate&category=*")
    see(page, pair)
    page.keyboard.press("a")
    see(page, second)
    count(page, 1, 4)
    note = page.locator("#review-note")
    note.fill("ask the shop")
    written = page.locator("#review").get_attribute("data-drawn")
    make_store(unreviewed.path, seed=3, logs=False)
    expect(page.locator("#snapshot-info")).to_contain_text("Snapshot 2")
    expect(page.locator("#review")).not_to_have_attribute("data-drawn", written or "")
    expect(note).to_have_value("ask the shop")
    count(page, 1, 4)
    page.goto(f"{review}?finding=duplicate&category=*&item=duplicate~{pair.product_id}~{pair.other_product_id}")
    see(page, pair)
    expect(at(page).locator(".review-decided")).to_contain_text("accepted")


def test_an_item_stays_under_a_reviewer_whoever_decides_it(unreviewed: Root, review: str, page: Page) -> None:
    """Neither has an item in the address; the second decides the first one's item, then a snapshot is published."""
    first, second = items(unreviewed)[:2]
    page.goto(review.removesuffix("/review"))
    expect(page.locator(".suspect").first).to_be_visible()
    page.goto(review)
    see(page, first)
    entries = page.evaluate("history.length")
    other = page.context.new_page()
    other.goto(review)
    see(other, first)
    other.keyboard.press("a")
    see(other, second)
    other.close()
    expect(at(page).locator(".review-decided")).to_contain_text("accepted")
    see(page, first)
    make_store(unreviewed.path, moved=1, logs=False)
    assert items(unreviewed)[0] != first, "another one is the next open one"
    expect(page.locator("#snapshot-info")).to_contain_text("Snapshot 2")
    expect(at(page)).to_have_attribute("data-post", re.compile('"snapshot": 2'))
    see(page, first)
    assert page.evaluate("history.length") == entries
    page.keyboard.press("r")
    expect(at(page)).not_to_have_attribute("data-item", f"suspect~{first.product_id}")
    assert written(unreviewed) == [(first.product_id, "accept", None), (first.product_id, "reject", None)]
    page.go_back()
    see(page, first)
    page.go_back()
    expect(page).to_have_url(re.compile("/check$"))


def test_no_item_takes_the_place_of_one_that_is_no_finding_any_more(unreviewed: Root, review: str, page: Page) -> None:
    page.goto(review)
    see(page, items(unreviewed)[0])
    make_store(unreviewed.path, seed=3, logs=False)
    expect(page.locator("#review-body .notice h2")).to_have_text("This item is not among the findings")
    page.keyboard.press("a")
    page.get_by_role("link", name="Review the next open one").click()
    see(page, items(unreviewed)[0])
    assert written(unreviewed) == []


def test_letters_can_be_turned_off_and_stay_off(unreviewed: Root, review: str, page: Page) -> None:
    every = items(unreviewed)
    page.goto(review)
    see(page, every[0])
    for _ in range(2):
        page.get_by_label("Letters A R S N U act as keys").set_checked(False)
        expect(at(page).locator("[data-act=accept] kbd")).to_be_hidden()
        expect(at(page).locator("[data-act=accept]")).not_to_have_attribute("aria-keyshortcuts", "A")
        for letter in "arsnu":
            page.keyboard.press(letter)
        see(page, every[0])
        page.reload()
        see(page, every[0])
        expect(page.get_by_label("Letters A R S N U act as keys")).not_to_be_checked()
    page.keyboard.press("ArrowRight")
    see(page, every[1])
    assert written(unreviewed) == []
    page.get_by_label("Letters A R S N U act as keys").set_checked(True)
    expect(at(page).locator("[data-act=accept]")).to_have_attribute("aria-keyshortcuts", "A")
    page.keyboard.press("r")
    see(page, every[2])
    assert written(unreviewed) == [(every[1].product_id, "reject", None)]


def test_after_a_decision_the_focus_stays_and_it_is_read_aloud(unreviewed: Root, review: str, page: Page) -> None:
    every = items(unreviewed)
    spoken = page.locator("#review-spoken")
    page.goto(review)
    see(page, every[0])
    page.keyboard.press("r")
    see(page, every[1])
    expect(at(page).locator(".review-title")).to_be_focused()
    expect(spoken).to_contain_text(
        f"Rejected: {every[0].category} → {every[0].suggested_category}. Now 2 of {len(every)}"
    )
    page.keyboard.press("Tab")
    expect(at(page).locator("[data-act=accept]")).to_be_focused()
    page.keyboard.press("Enter")
    see(page, every[2])
    expect(at(page).locator("[data-act=accept]")).to_be_focused()
    expect(spoken).to_contain_text("Accepted")
    page.keyboard.press("n")
    page.keyboard.type("a note")
    page.keyboard.press("Control+Enter")
    expect(spoken).to_contain_text("Note saved")
    expect(at(page).locator(".review-title")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    see(page, every[1])
    page.keyboard.press("u")
    expect(spoken).to_contain_text("Open again")
    expect(at(page).locator(".review-title")).to_be_focused()


@pytest.mark.parametrize("finding", ["suspect", "duplicate"])
def test_nothing_scrolls_sideways_and_the_buttons_are_in_sight(review: str, page: Page, finding: str) -> None:
    for width in (390, 820, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{review}?finding={finding}&category=*")
        expect(page.locator("[data-act=accept]")).to_be_in_viewport()
        expect(page.locator(".review-image").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == width
