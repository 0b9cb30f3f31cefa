"""Rows of variants are one product with all their images, and each such row is an issue."""

from pathlib import Path

import pytest

from ingestion.config import Catalogue as Settings
from ingestion.reading import catalogue

SHOPS = {
    "Shopify": (
        (
            "Handle,Title,Body (HTML),Variant SKU,Variant Price,Image Src\n"
            "teapot,Plum teapot,<p>pours</p>,T1,9,t1.jpg\nteapot,,,T2,9,t2.jpg\nteapot,,,T3,9,\n"
            "lantern,Grey lantern,<p>shines</p>,L1,5,l1.jpg\nlantern,,,L2,5,l2.jpg\n"
        ),
        {"teapot": ["t1.jpg", "t2.jpg"], "lantern": ["l1.jpg", "l2.jpg"]},
    ),
    "Shopify, each row with its title": (
        (
            "Handle,Title,SKU,Image Src\nteapot,Plum teapot,T1,t1.jpg\nteapot,Plum teapot,T2,t2.jpg\n"
            "lantern,Grey lantern,L1,l1.jpg\n"
            "lantern,Grey lantern,L2,\n"
        ),
        {"teapot": ["t1.jpg", "t2.jpg"], "lantern": ["l1.jpg"]},
    ),
    "Wix": (
        (
            "handleId,fieldType,name,description,productImageUrl,sku\np1,Product,Plum teapot,pours,t1.jpg;t2.jpg,\n"
            "p1,Variant,,,,\np2,Product,Grey lantern,shines,l1.jpg,\np2,Variant,,,l2.jpg,\n"
        ),
        {"p1": ["t1.jpg", "t2.jpg"], "p2": ["l1.jpg", "l2.jpg"]},
    ),
    "WooCommerce": (
        (
            "ID,Type,SKU,Name,Parent,Images\n"
            "7,variable,T,Plum teapot,,t1.jpg\n8,variation,T-1,Plum teapot - large,T,t2.jpg\n"
            "9,variable,,Grey lantern,,l1.jpg\n10,variation,,Grey lantern - small,id:9,l2.jpg\n"
            "11,simple,C,Candle,,c.jpg\n"
        ),
        {"7": ["t1.jpg", "t2.jpg"], "9": ["l1.jpg", "l2.jpg"], "11": ["c.jpg"]},
    ),
    "Google Merchant": (
        (
            "id,item_group_id,title,image_link\nT1,T,Plum teapot small,t1.jpg\nT2,T,Plum teapot large,t2.jpg\n"
            "C,,Candle,c.jpg\nL1,L,Grey lantern,l1.jpg\nL2,L,Grey lantern,\nD,,Dish,d.jpg\n"
        ),
        {"T1": ["t1.jpg", "t2.jpg"], "C": ["c.jpg"], "L1": ["l1.jpg"], "D": ["d.jpg"]},
    ),
    "rows that repeat the id": (
        (
            "id,name,image\n1,Plum teapot,t1.jpg\n1,,t2.jpg\n2,Grey lantern,l1.jpg\n"
        ),
        {"1": ["t1.jpg", "t2.jpg"], "2": ["l1.jpg"]},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("content", "expected"), SHOPS.values(), ids=SHOPS)
def test_rows_of_one_product_become_one_with_all_images(
    tmp_path: Path, content: str, expected: dict[str, list[str]]
) -> None:
    path = tmp_path / "c.csv"
    path.write_text(content)
    found = catalogue.read(path, Settings())
    rows = found.products.to_pylist()
    assert {row["product_id"]: [row["image_path"], *row["other_images"]] for row in rows} == expected
    assert all(row["name"] for row in rows)
    problems = [issue["problem"] for issue in found.issues.to_pylist()]
    left_out = content.count("\n") - 1 - len(expected)
    assert (problems.count("variant row"), problems.count("variants")) == (left_out, 1)


def test_variants_are_joined_over_the_parts_that_a_catalogue_is_read_in(tmp_path: Path) -> None:
    rows = [f"p{i // 3},{'' if i % 3 else 'Plum teapot'},i{i}.jpg" for i in range(4200)]
    path = tmp_path / "c.csv"
    path.write_text("\n".join(["handle,title,image", *rows]))
    found = catalogue.read(path, Settings()).products.to_pylist()
    assert [(row["product_id"], [row["image_path"], *row["other_images"]]) for row in found] == [
        (f"p{i}", [f"i{3 * i + j}.jpg" for j in range(3)]) for i in range(1400)
    ]


def test_products_of_one_id_with_their_own_names_are_no_variants(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("id,name,category\n1,plum teapot,A\n1,grey lantern,A\n2,candle,B\n")
    assert [i["problem"] for i in catalogue.read(path, Settings()).issues.to_pylist()] == ["duplicate id"]


def test_variants_of_a_group_that_are_not_adjacent_are_one_product(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("id,item_group_id,title\n1,T,small teapot\n2,L,lantern\n3,T,large teapot\n4,,candle\n")
    found = catalogue.read(path, Settings())
    assert found.products["product_id"].to_pylist() == ["1", "2", "4"]
    assert ("1", 3, "variant row") in [
        (i["product_id"], i["catalogue_row"], i["problem"]) for i in found.issues.to_pylist()
    ]


@pytest.mark.parametrize(("content", "expected"), SHOPS.values(), ids=SHOPS)
def test_variants_are_kept_as_products_where_the_settings_say_so(
    tmp_path: Path, content: str, expected: dict[str, list[str]]
) -> None:
    path = tmp_path / "c.csv"
    path.write_text(content)
    found = catalogue.read(path, Settings(join_variants=False))
    assert not {"variant row", "variants"} & set(found.issues["problem"].to_pylist())


def test_a_column_named_by_signs_alone_stops_nobody(tmp_path: Path) -> None:
    path = tmp_path / "signs.csv"
    path.write_text("id,name,;;,--\n1,small teapot,x,a\n2,lantern,y,b\n")
    assert catalogue.read(path, Settings()).products["name"].to_pylist() == ["small teapot", "lantern"]
