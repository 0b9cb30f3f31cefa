"""Columns are found by the names that shops give them, and by what their cells look like."""

from pathlib import Path

import pytest

from ingestion.config import Catalogue as Settings
from ingestion.config import Columns
from ingestion.reading import catalogue
from ingestion.reading.columns import Profile, match
from store.errors import CatalogueError

SHOPS = {
    "Shopify": ("Handle,Title,Body (HTML),Vendor,Type,Variant Price,Image Src",
               "id name description brand category price image"),
    "Shopify, newer": ("Title,URL handle,Description,Vendor,Product category,Price,Product image URL",
                       "name id description brand category price image"),
    "WooCommerce": ("SKU,Name,Description,Regular price,Categories,Images", "id name description price category image"),
    "Wix": ("handleId,name,description,productImageUrl,collection,price", "id name description image category price"),
    "Magento": ("sku,name,description,categories,base_image,price", "id name description category image price"),
    "PrestaShop": ("Product ID,Name *,Description,Categories (x;y;z...),Price tax excluded,Image URLs (x;y;z...)",
                   "id name description category price image"),
    "Google Merchant": ("g:id,g:title,g:description,g:google_product_category,g:image_link,g:price",
                        "id name description category image price"),
    "H&M": ("article_id,prod_name,detail_desc,product_type_name", "id name description category"),
    "BigBasket": ("index,product,category,brand,sale_price", "id name category brand price"),
    "WANDS": ("product_id,product_name,product_class,product_description", "id name category description"),
    "Amazon": ("uniq_id,Product Title,about_product,Brand Name,Selling Price", "id name description brand price"),
    "German": ("Artikelnummer,Bezeichnung,Beschreibung,Warengruppe,Bilddatei,Hersteller,Verkaufspreis",
               "id name description category image brand price"),
    "French": ("Référence,Désignation,Descriptif,Catégorie,Photo,Marque,Prix TTC",
               "id name description category image brand price"),
    "Spanish": ("Código,Nombre,Descripción,Categoría,Imagen,Marca,Precio",
               "id name description category image brand price"),
    "Italian": ("Codice,Nome prodotto,Descrizione,Categoria,Immagine,Marca,Prezzo",
               "id name description category image brand price"),
    "Portuguese": ("Código,Nome do produto,Descrição,Categoria,Imagem,Marca,Preço",
               "id name description category image brand price"),
    "Allegro": ("ID oferty,Tytuł oferty,Opis oferty,Podkategoria,Zdjęcia,Cena PL",
                "id name description category image price"),
    "Trendyol": ("Barkod,Ürün Adı,Ürün Açıklaması,Kategori İsmi,Görsel 1", "id name description category image"),
    "1C-Bitrix": ("Артикул,Наименование,Описание,Раздел,Картинка,Цена", "id name description category image price"),
    "Rakuten": ("商品管理番号,商品名,商品説明文,カテゴリ,商品画像URL,販売価格",
                "id name description category image price"),
    "Chinese": ("商品编号,商品名称,商品描述,类目,主图,售价", "id name description category image price"),
    "Korean": ("상품번호,상품명,상품설명,카테고리,이미지,판매가", "id name description category image price"),
    "Salla": ("رقم المنتج,أسم المنتج,الوصف,تصنيف المنتج,صورة المنتج,سعر المنتج",
              "id name description category image price"),
    "eBay": ("CustomLabel,*Title,*Description,*Category,PicURL", "id name description category image"),
}  # fmt: skip
CELLS = {
    "id": ["k1", "k2", "k3", "k4"],
    "name": ["plum teapot large", "grey teapot small", "plum lantern", "grey lantern"],
    "description": ["<p>pours well and keeps warm</p>"] * 4,
    "category": ["Teapots", "Teapots", "Lanterns", "Lanterns"],
    "brand": ["Orva"] * 4,
    "price": ["9,50 €"] * 4,
    "image": ["k1.jpg", "k2.jpg", "k3.jpg", "k4.jpg"],
}


def found(columns: dict[str, list[str]], **wanted: str) -> dict[str, str]:
    profiles = {name: Profile(name, cells) for name, cells in columns.items()}
    return {field: taken.column for field, taken in match(profiles, Columns(**wanted)).items()}


@pytest.mark.parametrize(("header", "fields"), SHOPS.values(), ids=SHOPS)
def test_the_usual_columns_of_shops_are_found(header: str, fields: str) -> None:
    names, expected = header.split(","), fields.split()
    columns = {name: CELLS[field] for name, field in zip(names, expected, strict=True)}
    assert found(columns) == {field: name for name, field in zip(names, expected, strict=True)}


def test_a_column_of_ids_that_is_empty_is_none() -> None:
    assert "id" not in found({"SKU": [""] * 4, "TITLE": CELLS["name"]})
    assert found({"SKU": [""] * 4, "Listing": CELLS["id"], "Ref": CELLS["id"], "TITLE": CELLS["name"]})["id"] == "Ref"


@pytest.mark.parametrize("suffix", ["", "_fld", "Ω"])
def test_columns_of_unknown_names_are_found_by_content(suffix: str) -> None:
    columns = {
        f"A{suffix}": CELLS["id"],
        f"B{suffix}": CELLS["name"],
        f"C{suffix}": [f"{adjective} and pours well for up to nine people at home" for adjective in CELLS["name"]],
        f"D{suffix}": CELLS["image"],
        f"Waren-Gruppe 7{suffix}": CELLS["category"],
    }
    assert list(found(columns)) == ["name", "description", "category", "image"]
    assert found(columns)["name"] == f"B{suffix}"
    assert found(columns)["description"] == f"C{suffix}"


def test_a_column_of_codes_dates_or_addresses_is_no_name() -> None:
    columns = {
        "p": ["QX-19", "QX-20", "QX-21", "QX-22"],
        "q": ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05"],
        "r": [f"https://shop.example/{i}" for i in range(4)],
        "s": ["L", "M", "L", "M"],
    }
    assert found(columns) == {}


def test_a_column_that_is_empty_gives_way_to_one_that_is_filled() -> None:
    columns = {"sku": [""] * 4, "handle": CELLS["id"], "title": [""] * 4, "item_name": CELLS["name"]}
    assert found(columns) == {"id": "handle", "name": "item_name"}


def test_a_category_of_one_value_gives_way_to_one_of_several() -> None:
    columns = {"name": CELLS["name"], "category": ["Shop"] * 4, "product_type": CELLS["category"]}
    assert found(columns)["category"] == "product_type"


def test_where_the_first_price_is_empty_the_next_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("id,name,Sale price,Regular price\n1,plum teapot,,9.5\n2,grey teapot,7,9\n3,lantern,NA,\n")
    assert catalogue.read(path, Settings()).products["price"].to_pylist() == [9.5, 7.0, None]


def test_what_was_taken_by_its_content_is_an_issue_with_examples(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("id,xyz\n" + "".join(f"{i},{name}\n" for i, name in enumerate(CELLS["name"])))
    (issue,) = [i for i in catalogue.read(path, Settings()).issues.to_pylist() if i["problem"] == "column by content"]
    assert (
        "'xyz' was taken for the name by its content ('plum teapot large' and 'grey teapot small')" in issue["detail"]
    )


def test_a_file_without_text_stops_with_its_columns_and_examples(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("k,v\n1,0.5\n2,0.7\n3,0.9\n")
    with pytest.raises(
        CatalogueError, match=r"'k' \('1', '2'\); 'v' \('0.5', '0.7'\)\. Say which .*--column name=COLUMN"
    ):
        catalogue.read(path, Settings())


def test_a_file_without_header_is_named_as_such(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("1,plum teapot,4.5\n2,grey teapot,4.5\n3,plum lantern,8\n4,grey lantern,8\n")
    with pytest.raises(CatalogueError, match="The first row looks like data: a header is needed"):
        catalogue.read(path, Settings())


def test_images_in_several_columns_are_all_the_products(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("id,name,image1,image2,image3\n1,plum teapot,a.jpg,b.jpg,\n2,grey teapot,,c.jpg,\n3,lantern,,,\n")
    found = catalogue.read(path, Settings()).products
    assert found["image_path"].to_pylist() == ["a.jpg", "c.jpg", None]
    assert found["other_images"].to_pylist() == [["b.jpg"], [], []]


def test_of_columns_for_each_level_the_first_with_two_categories_is_taken() -> None:
    columns = {"name": CELLS["name"], "category_1": ["Home"] * 4, "category_2": CELLS["category"]}
    assert found(columns)["category"] == "category_2"
