"""The maps in a real Chromium: one selection and one hovered product in all of them, kept by the address."""

import csv
import io
import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from store.root import Root
from tests.browser.conftest import shown
from tests.crowd import make_crowd
from tests.factories import make_store

pytestmark = pytest.mark.browser
expect.set_options(timeout=30_000)
MARKED = """() => {
    const canvas = document.querySelector("#map-1 .map-over");
    return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((part) => part);
}"""
"""Whether anything is drawn over the second map, such as the ring around a hovered product."""
MANY = """() => {
    const { Draw } = window.aislemap, count = 200000, canvas = document.createElement("canvas");
    canvas.width = canvas.height = 400;
    const [x, y] = [new Int16Array(count), new Int16Array(count)];
    for (let i = 0; i < count; i++) [x[i], y[i]] = [((i * 7919) % 20000) - 10000, ((i * 104729) % 20000) - 10000];
    const map = { x, y, shown: count, centre: [0, 0], scale: 1 }, palette = [{ colour: "#ff0000", symbol: "circle" }];
    const paint = new Uint16Array(count).fill(1);
    const panel = { map, canvas, palette, grey: "#888888", paint, lit: null, inView: count };
    Draw.points(panel);
    const at = (px, py) => Array.from(canvas.getContext("2d").getImageData(px, py, 1, 1).data);
    const all = [at(200, 200), at(5, 5)];
    panel.lit = new Uint8Array(count);
    panel.lit[0] = 1;
    [x[0], y[0]] = [0, 0];
    Draw.points(panel);
    return [...all, at(200, 200), at(230, 200)];
}"""


def drawn(page: Page, products: int, selected: int, panel: int = 0) -> None:
    """Wait until that map shows so many products, of which so many are selected."""
    expect(page.locator(f"#map-{panel}")).to_have_attribute("data-drawn", f"{products} {selected}")


def place(page: Page, number: int, panel: int = 0) -> tuple[float, float]:
    """Where a product is in the window, in pixels."""
    page.locator(f"#map-{panel}").scroll_into_view_if_needed()
    x, y = page.evaluate("([panel, number]) => window.aislemap.maps.place(panel, number)", [panel, number])
    return x, y


def view(page: Page) -> str:
    """What the first map shows: its centre and its span."""
    text: str = page.evaluate("window.aislemap.maps.view(0)")
    return text


def zoom(page: Page) -> str:
    """Zoom into the first map and move it; what it shows after that, once the address has it."""
    before = view(page)
    page.mouse.move(*place(page, 10))
    page.mouse.wheel(0, -400)
    page.wait_for_function("before => window.aislemap.maps.view(0) !== before", arg=before)
    page.mouse.down()
    x, y = place(page, 10)
    page.mouse.move(x + 40, y + 25, steps=3)
    page.mouse.up()
    expect(page).to_have_url(re.compile("v0=" + re.escape(view(page).replace(",", "%2C"))))
    return view(page)


def test_a_product_is_marked_in_every_map_and_opened_by_a_click(study: str, page: Page) -> None:
    page.goto(f"{study}/map?panels=2&m0=bert&r0=tsne&m1=cnn")
    drawn(page, 60, 0)
    drawn(page, 59, 0, panel=1)
    assert not page.evaluate(MARKED)
    page.mouse.move(*place(page, 12))
    card = page.locator("#map-card")
    expect(card).to_be_visible()
    image = card.locator("img")
    expect(image).to_have_attribute("src", re.compile(r"^/thumbnail/\w+\?id=P00\d\d$"))
    product_id = (image.get_attribute("src") or "").rpartition("=")[2]
    expect(card.locator(".hover-name")).to_contain_text(f"no. {int(product_id[1:])}")
    assert image.evaluate("async node => { await node.decode(); return node.naturalWidth }") > 0
    page.wait_for_function(MARKED)
    page.mouse.down()
    page.mouse.up()
    expect(page).to_have_url(f"{study}/products/product?id={product_id}")
    expect(page.locator("h1")).to_contain_text(f"no. {int(product_id[1:])}")


def test_a_lasso_selects_in_all_maps_and_stays_in_the_address(study: str, page: Page) -> None:
    page.goto(f"{study}/map?panels=2&m0=bert&r0=tsne&m1=cnn")
    drawn(page, 60, 0)
    page.locator("#map-drag").get_by_text("select", exact=True).click()
    expect(page).to_have_url(re.compile("drag=lasso"))
    page.locator("#map-0").scroll_into_view_if_needed()
    x, y = place(page, 20)
    page.mouse.move(x - 30, y - 30)
    page.mouse.down()
    for dx, dy in ((30, -30), (30, 30), (-30, 30), (-30, -28)):
        page.mouse.move(x + dx, y + dy, steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"lasso=bert\.tsne%3A"))
    inside = page.evaluate(
        """([x, y]) => [...Array(60).keys()].filter((i) => {
            const [px, py] = window.aislemap.maps.place(0, i);
            return Math.abs(px - x) < 29 && Math.abs(py - y) < 29;
        }).length""",
        [x, y],
    )
    count = page.locator("#map-tray-count")
    expect(count).to_have_text(f"{inside} product{'s' * (inside != 1)} selected")
    drawn(page, 60, inside)
    drawn(page, 59, inside, panel=1)
    expect(page.locator("#map-tray .tile")).to_have_count(min(24, inside))
    page.reload()
    drawn(page, 59, inside, panel=1)
    expect(count).to_contain_text(f"{inside} product")
    file = page.request.get(f"{study}{page.locator('#map-tray-csv').get_attribute('href')}").text()
    assert len(list(csv.DictReader(io.StringIO(file)))) == inside
    page.locator("#map-tray-products").click()
    expect(page.locator("#products-count")).to_contain_text(f"{inside} product")
    expect(page.locator("#products-rule")).to_contain_text("a region of the map BERT, t-SNE")
    page.locator("#products-rule").get_by_text("on the maps").click()
    expect(count).to_contain_text(f"{inside} product")
    page.locator("#map-clear").click()
    expect(page.locator("#map-tray")).to_be_hidden()
    page.go_back()
    drawn(page, 60, inside)
    page.locator("#map-search").fill("nothing like it")
    expect(count).to_have_text("0 products selected")


def test_chips_and_words_select_what_they_name(study: str, page: Page) -> None:
    page.goto(f"{study}/map")
    page.locator(".chip", has_text="Watches").click()
    expect(page.locator("#map-tray-count")).to_have_text("8 products selected")
    expect(page.locator(".chip[aria-pressed=true]")).to_have_count(1)
    expect(page).to_have_url(re.compile("focus=Watches"))
    assert page.evaluate("window.aislemap.maps.painted(0)") == 1
    page.locator("#map-search").fill("aria")
    expect(page.locator("#map-tray-count")).to_have_text(re.compile("^[12] products? selected"))
    for tile in page.locator("#map-tray .tile").all():
        expect(tile).to_contain_text("Aria")
        expect(tile).to_contain_text("Watches")
    page.locator("#map-clear").click()
    expect(page.locator("#map-search")).to_have_value("")


def test_maps_are_coloured_by_any_column(study: str, page: Page) -> None:
    page.goto(f"{study}/map?panels=1&m0=sift&colour=match")
    chips = page.locator(".chip")
    expect(chips).to_have_count(2)
    expect(chips.nth(1)).to_contain_text("wrong")
    assert "polygon" in chips.nth(1).locator(".dot").evaluate("dot => getComputedStyle(dot).clipPath"), "a diamond"
    for column, names in (("brand", 4), ("suspect", 2), ("cluster", 7)):
        page.locator("#map-colour").select_option(column)
        expect(chips).to_have_count(names)
    page.locator("#map-colour").select_option("price")
    expect(page.locator("#map-legend .scale-bar")).to_be_visible()
    further = page.locator("#map-colour option[value^='of.']").first
    page.locator("#map-colour").select_option(further.get_attribute("value"))
    expect(chips.or_(page.locator("#map-legend .scale")).first).to_be_visible()


def test_zoom_stays_when_colours_snapshots_or_pages_change(small_store: Root, tmp_path: Path, page: Page) -> None:
    shutil.copytree(small_store.path, tmp_path, dirs_exist_ok=True)
    with shown(tmp_path, page) as address:
        page.goto(f"{address}/map?panels=1&m0=cnn")
        drawn(page, 59, 0)
        whole, zoomed = view(page), zoom(page)
        assert zoomed != whole
        page.locator("#map-colour").select_option("match")
        expect(page.locator("#map-summary-0")).to_contain_text("right")
        page.locator(".chip", has_text="wrong").click()
        expect(page.locator("#map-tray")).to_be_visible()
        assert view(page) == zoomed
        make_store(tmp_path, products=80, seed=1)
        expect(page.locator("#map-summary-0")).to_contain_text("79 products")
        assert view(page) == zoomed
        page.locator(".side-nav").get_by_text("Runs").click()
        expect(page.locator("h1")).to_contain_text("What ran")
        page.go_back()
        expect(page.locator("#map-0")).to_have_attribute("data-drawn", re.compile("^79 "))
        assert view(page) == zoomed
        page.locator("#map-method-0").select_option("bert")
        expect(page.locator("#map-summary-0")).to_contain_text("80 products")
        expect(page).not_to_have_url(re.compile("v0="))


def test_of_very_many_points_the_density_is_drawn(study: str, page: Page) -> None:
    page.goto(f"{study}/map")
    drawn(page, 60, 0)
    middle, corner, selected, grey = page.evaluate(MANY)
    assert middle[:3] == [255, 0, 0]
    assert middle[3] > 80
    assert corner == [0, 0, 0, 0]
    assert selected == [255, 0, 0, 255], "one selected point is a symbol over the density of the others"
    assert len(set(grey[:3])) == 1
    assert 0 < grey[3] < 255


def test_of_200_categories_the_legend_lists_the_largest(tmp_path: Path, page: Page) -> None:
    with shown(make_crowd(tmp_path, 200).path, page) as address:
        page.goto(f"{address}/map?panels=1&focus=Aisle+0199")
        expect(page.locator("#map-tray-count")).to_have_text("4 products selected")
        drawn(page, 800, 4)
        expect(page.locator(".chip")).to_have_count(41)
        expect(page.locator("#map-legend")).to_contain_text("and 159 more")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_theme_is_the_systems_until_another_is_chosen(study: str, page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(f"{study}/map")
    root = page.locator("html")
    expect(root).to_have_attribute("data-bs-theme", scheme)
    drawn(page, 60, 0)
    other = "light" if scheme == "dark" else "dark"
    page.locator("#theme").click()
    expect(root).to_have_attribute("data-bs-theme", other)
    page.reload()
    expect(root).to_have_attribute("data-bs-theme", other)
    page.evaluate("localStorage.clear()")


def test_two_fingers_zoom_a_map_and_one_moves_it(study: str, page: Page) -> None:
    page.goto(f"{study}/map?panels=1&m0=bert")
    drawn(page, 60, 0)
    page.locator("#map-0").scroll_into_view_if_needed()
    box = page.locator("#map-0").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    screen = page.context.new_cdp_session(page)
    screen.send("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 2})

    def touch(how: str, *xs: float) -> None:
        points = [{"x": at, "y": y, "id": i} for i, at in enumerate(xs)]
        screen.send("Input.dispatchTouchEvent", {"type": how, "touchPoints": points})

    before = view(page)
    touch("touchStart", x - 40, x + 40)
    for far in (50, 65, 80):
        touch("touchMove", x - far, x + far)
    touch("touchEnd")
    page.wait_for_function("before => window.aislemap.maps.view(0) !== before", arg=before)
    expect(page).to_have_url(re.compile("v0="))
    whole, near = ([float(part) for part in text.split(",")] for text in (before, view(page)))
    assert near[2] == pytest.approx(whole[2] / 2, rel=0.02)
    assert near[:2] == pytest.approx(whole[:2], abs=whole[2] / 100), "what was between the fingers stays there"
    zoomed = view(page)
    touch("touchStart", x)
    for moved in (10, 30, 50):
        touch("touchMove", x + moved)
    touch("touchEnd")
    page.wait_for_function("before => window.aislemap.maps.view(0) !== before", arg=zoomed)
    left, _, span = (float(part) for part in view(page).split(","))
    assert span == pytest.approx(near[2])
    assert left < near[0]
    screen.send("Emulation.setTouchEmulationEnabled", {"enabled": False})
