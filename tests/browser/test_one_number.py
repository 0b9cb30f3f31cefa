"""One fact has one number and one interval on all pages, and no headline praises the best of many."""

import re

import pytest
from playwright.sync_api import Page, expect

from dashboard import words
from store.questions import categories, findings
from store.questions import study as study_of
from store.reader import Reader
from store.root import Root

pytestmark = pytest.mark.browser
expect.set_options(timeout=30_000)


def test_the_score_of_a_verdict_is_the_same_on_every_page(small_store: Root, study: str, page: Page) -> None:
    with Reader(small_store).cursor() as cursor:
        verdicts = {words.method(v.method): v for v in study_of.verdicts(cursor) if v.scope in words.SCOPES}
    assert len(verdicts) == 3
    page.goto(study)
    for name, verdict in verdicts.items():
        card = page.locator(f".verdict-{verdict.scope.replace('+', '-')}")
        expect(card).to_contain_text(name)
        expect(card.locator(".verdict-figure")).to_have_text(words.score(verdict.value))
        expect(card.locator(".verdict-interval")).to_have_text(interval(verdict))
    for path, table in (("/", ".leaderboard"), ("/methods", ".all-scores")):
        page.goto(study + path)
        for name, verdict in verdicts.items():
            row = page.locator(f"{table} tbody tr", has_text=re.compile(rf"^{re.escape(name)}(?! \+)"))
            expect(row).to_have_count(1)
            expect(row).to_contain_text(f"{words.score(verdict.value)}{interval(verdict)}")
    page.goto(f"{study}/methods/maps")
    row = page.locator("table.groupings tbody tr", has_text="CNN")
    expect(row).to_contain_text(f"{words.score(verdicts['CNN'].value)}{interval(verdicts['CNN'])}")


def interval(verdict: study_of.Verdict) -> str:
    return f"{words.score(verdict.low)} to {words.score(verdict.high)}"


def test_the_fraction_that_a_method_gets_right_is_one_number(small_store: Root, study: str, page: Page) -> None:
    with Reader(small_store).cursor() as cursor:
        right = next(
            s.value for s in study_of.scores(cursor)
            if (s.method, s.grouping, s.metric) == ("cnn", "manifold", "matched_accuracy")
        )  # fmt: skip
    page.goto(f"{study}/categories/groups?method=cnn")
    expect(page.locator("#groups-body")).to_contain_text(f"CNN puts {words.percent(right)} of the products")
    page.goto(f"{study}/map?panels=1&m0=cnn&colour=match")
    expect(page.locator("#map-summary-0")).to_contain_text(f"{words.percent(right)} right")
    page.goto(f"{study}/methods?metric=matched_accuracy")
    expect(page.locator(".all-scores tbody tr", has_text="MobileNetV2")).to_contain_text(words.score(right))


def test_headlines_are_of_what_the_verdict_rests_on(small_store: Root, study: str, page: Page) -> None:
    with Reader(small_store).cursor() as cursor:
        verdict = next(v for v in study_of.verdicts(cursor) if v.scope == "text+image")
        mine = [s for s in categories.judged_scores(cursor) if s.method == verdict.method and s.stability is not None]
    page.goto(f"{study}/methods")
    body = page.locator("#metrics-body")
    score = f"ARI {words.score(verdict.value)} ({interval(verdict)})"
    expect(body).to_contain_text(f"The verdict rests on Joint text + image by k-means on the manifold: {score}")
    expect(body).not_to_contain_text("The best ARI")
    page.goto(study)
    expect(page.locator("#answer-body")).to_contain_text(f"Joint text + image reaches ARI {words.score(verdict.value)}")
    page.goto(f"{study}/categories?figure=stability")
    values = sorted(s.stability for s in mine)
    shown = page.locator("#categories-body")
    expect(shown).to_contain_text("Stability of Joint text + image:")
    expect(shown).to_contain_text(words.score(values[0]))


def test_suspects_are_in_the_order_that_their_heading_names(small_store: Root, study: str, page: Page) -> None:
    with Reader(small_store).cursor() as cursor:
        votes = findings.suspect_votes(cursor)
    assert votes is not None
    page.goto(f"{study}/check")
    expect(page.locator("#findings-suspects h2")).to_have_text(
        f"{words.count(votes.suspects, 'label')} to check, the lowest quality first"
    )
    expect(page.locator(".suspect").first).to_be_visible()
    lines = page.locator(".suspect .sub").all_text_contents()
    quality = [float(found[1]) for line in lines if (found := re.search(r"quality ([\d.]+)", line))]
    assert len(quality) == len(lines) > 3
    assert quality == sorted(quality)
