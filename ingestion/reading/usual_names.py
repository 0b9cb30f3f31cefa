"""What shops usually call a column, in English, German, French, Spanish, Italian, Portuguese and some more languages.

The names are those of the exports of Shopify, WooCommerce, Wix, Magento, PrestaShop and BigCommerce, of Google Merchant
feeds, and of public data sets (Amazon, Flipkart, H&M, BigBasket, WANDS, Mercari), and their usual translations; of
Polish, Turkish, Russian, Japanese, Chinese, Korean and Arabic the names of the exports of shops there.
"""

import re
import unicodedata
from collections.abc import Iterable

# fmt: off
USUAL_NAMES: dict[str, tuple[str, ...]] = {
    "id": (
        "id", "product_id", "uniq_id", "unique_id", "item_id", "article_id", "handle_id", "url_handle", "handle",
        "sku", "asin", "parent_asin", "product_code", "item_code", "code", "pid", "article_number", "item_number",
        "product_number", "variant_sku", "model_number", "uuid", "train_id", "index", "artikelnummer", "artikelnr",
        "artikel_nr", "art_nr", "artnr", "bestellnummer", "produktnummer", "produkt_id", "artikel_id", "identifiant",
        "reference", "ref", "code_article", "code_produit", "id_produit", "codigo", "referencia", "id_producto",
        "codigo_producto", "codice", "codice_articolo", "codice_prodotto", "id_prodotto", "id_produto",
        "codigo_produto", "cod", "gtin", "ean", "upc", "mpn", "seller_sku", "custom_label",
        "artikul", "id_oferty", "indeks", "urun_kodu", "urun_id", "stok_kodu", "barkod", "артикул", "код", "код_товара",
        "商品管理番号", "商品番号", "商品コード", "商品id", "商品编号", "商品编码", "编号", "상품번호", "상품코드",
        "رقم المنتج", "رمز المنتج",
    ),
    "name": (
        "name", "product_name", "title", "product_title", "item_name", "item_title", "display_name",
        "product_display_name", "prod_name", "productname", "product", "item", "title_en", "name_en", "naam",
        "productnaam", "nazwa", "namn", "listing_title", "bezeichnung", "artikelbezeichnung", "produktbezeichnung",
        "artikelname", "produktname", "produkttitel", "titel", "benennung", "produkt", "artikel", "nom", "nom_produit",
        "nom_du_produit", "designation", "libelle", "intitule", "titre", "produit", "nombre", "nombre_producto",
        "nombre_del_producto", "titulo", "denominacion", "producto", "articulo", "nome", "nome_prodotto",
        "nome_del_prodotto", "titolo", "denominazione", "prodotto", "articolo", "nome_produto", "nome_do_produto",
        "denominacao", "produto", "titulo_del_producto", "tytul", "tytul_oferty", "nazwa_produktu", "urun_adi",
        "baslik", "название", "наименование", "наименование_товара", "название_товара", "товар", "商品名", "商品名称",
        "产品名称", "名称", "标题", "商品标题", "상품명", "제품명", "اسم المنتج", "الاسم",
    ),
    "description": (
        "description", "product_description", "long_description", "item_description", "detail_desc", "desc", "details",
        "body", "body_html", "text", "short_description", "summary", "about", "about_product", "about_the_product",
        "feature_bullets", "features", "bullet_points", "product_details", "full_description", "content",
        "omschrijving", "beschrijving", "opis", "beskrivning", "beschreibung", "artikelbeschreibung",
        "produktbeschreibung", "langbeschreibung", "langtext", "kurzbeschreibung", "kurztext", "details_de",
        "descriptif", "description_longue", "description_courte", "resume", "descripcion", "descripcion_larga",
        "descripcion_corta", "detalle", "descrizione", "descrizione_lunga", "descrizione_breve", "dettagli",
        "descricao", "descricao_longa", "detalhes", "opis_oferty", "opis_produktu", "urun_aciklamasi", "aciklama",
        "описание", "описание_товара", "商品説明文", "商品説明", "説明", "商品描述", "产品描述", "描述",
        "상품설명", "설명", "الوصف",
        "وصف المنتج",
    ),
    "category": (
        "category", "category_path", "product_category_tree", "category_tree", "category_name", "product_category",
        "categories", "product_class", "category_hierarchy", "product_type_name", "product_type", "main_category",
        "google_product_category", "collection", "collections", "label", "labels", "class", "article_type", "type",
        "department", "department_name", "product_group", "product_group_name", "category_full_path", "breadcrumb",
        "breadcrumbs", "taxonomy", "category_1", "category_l1", "level_1", "category_2", "category_l2", "level_2",
        "category_3", "category_l3", "level_3", "kategoria", "sub_category", "subcategory", "aisle", "target",
        "kategorie", "kategorien", "kategoriepfad", "warengruppe", "produktgruppe", "produktkategorie",
        "artikelgruppe", "hauptkategorie", "rubrik", "sortiment", "produkttyp", "categorie", "famille", "rayon",
        "sous_categorie", "type_de_produit", "gamme", "categoria", "familia", "seccion", "rubro", "departamento",
        "tipo_de_producto", "tipo", "reparto", "gruppo_merceologico", "famiglia", "secao", "tipo_de_produto",
        "productcategorie", "podkategoria", "kategoria_glowna", "kategori", "kategori_ismi", "kategori_adi",
        "категория", "раздел", "рубрика", "группа", "カテゴリ", "カテゴリー", "ジャンル", "分类", "类别", "类目",
        "商品分类", "카테고리", "분류", "تصنيف المنتج", "التصنيف", "الفئة",
    ),
    "image": (
        "image", "img", "image_path", "image_file", "image_name", "image_filename", "filename", "file_name", "picture",
        "photo", "images", "image_src", "image_url", "image_urls", "img_url", "image_link", "img_link", "main_image",
        "base_image", "product_image_url", "image_links", "pictures", "photos", "thumbnail", "thumbnail_image", "imgs",
        "img_path", "image_1", "image_2", "image_3", "image_4", "image_5", "image_6", "additional_images",
        "additional_image_link", "hover_image", "afbeelding", "zdjecie", "bild_1", "bild_2", "main_image_url",
        "medium_image", "variant_image", "bild", "bilder", "bilddatei", "bildname", "bildpfad", "bild_url",
        "produktbild", "foto", "fotos", "abbildung", "photo_produit", "fichier_image", "nom_image", "imagen",
        "imagenes", "url_imagen", "archivo_imagen", "immagine", "immagini", "url_immagine", "imagem", "imagens",
        "url_imagem", "pic_url", "zdjecia", "gorsel", "gorsel_1", "gorsel_2", "resim", "картинка", "изображение",
        "фото", "商品画像", "商品画像url", "画像", "图片", "主图", "이미지", "صورة المنتج", "الصورة",
    ),
    "brand": (
        "brand", "brand_name", "manufacturer", "vendor", "make", "store", "marke", "hersteller", "markenname", "merk",
        "marka", "marque", "fabricant", "fournisseur", "marca", "fabricante", "marchio", "produttore", "fornitore",
        "producent", "бренд", "производитель", "ブランド", "品牌", "브랜드", "العلامة التجارية",
    ),
    "price": (
        "price", "discounted_price", "sale_price", "selling_price", "current_price", "final_price", "special_price",
        "variant_price", "regular_price", "retail_price", "list_price", "mrp", "price_tax_excluded",
        "price_tax_included", "actual_price", "prijs", "cena", "pris", "preis", "verkaufspreis", "vk_preis",
        "einzelpreis", "bruttopreis", "nettopreis", "prix", "prix_ttc", "prix_ht", "prix_de_vente", "prix_unitaire",
        "precio", "precio_venta", "pvp", "prezzo", "prezzo_di_vendita", "preco", "preco_venda", "preco_de_venda",
        "brutto_vk", "fiyat", "satis_fiyati", "cena_pl", "цена", "販売価格", "価格", "价格", "售价", "가격", "판매가",
        "سعر المنتج", "السعر",
    ),
}
# fmt: on
"""What catalogues usually call a column, the most likely first; case, accents and separators do not matter."""
HANDLES = ("handle", "url_handle", "handle_id", "product_handle", "parent_id", "parent_sku")
"""Columns that name the product that a row of a variant belongs to."""
GROUPS = ("item_group_id", "group_id", "variant_group_id", "parent_asin")
"""Columns that name what several products are variants of, each with an id and a name of its own (Google Merchant)."""
FILLERS = re.compile(r"^(?:g|products?|prod|item|article|artikel|produkt|shop)(?=[\W_])[\W_]*", re.IGNORECASE)
"""What is put before a usual name and adds nothing: `product_brand`, `g:price`."""
CATEGORY_WORDS = re.compile(
    r"categor|kategori|class\b|taxonom|department|section|aisle|breadcrumb|gruppe|group|famil|rayon|reparto|sortiment|"
    r"\btype\b|typ\b"
)
"""Parts of a column's name by which it may hold a category."""
PRICE_WORDS = re.compile(r"price|preis|prix|preci|prezz|preco|cost")


def key(name: str) -> str:
    """A name without case, accents and separators: 'Product Name', 'product_name' and 'productName' are one."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return re.sub(
        r"[\W_]+", "", plain.casefold().replace("ı", "i").replace("ł", "l")
    )  # these have no accent to take off


_FIELDS = {key(name): field for field, names in USUAL_NAMES.items() for name in names}


def keys(name: str) -> list[str]:
    """The keys under which a column's name is looked up, the whole one first.

    Then it is tried without what stands in brackets, as in 'Categories (x,y,z...)', and without a filler before it.
    """
    bare = re.sub(r"[(\[{].*?[)\]}]", " ", name)
    forms = (name, bare, FILLERS.sub("", bare.strip()))
    return list(dict.fromkeys(form for form in map(key, forms) if form))


def recognised(cells: Iterable[str | None]) -> int:
    """How many fields have a usual name among the cells: two are hardly a row of data, or a line above the header.

    Cells that name one field count once: 'Photo' may stand twice in a row of data.
    """
    named = (next((form for form in keys(cell) if form in _FIELDS), None) for cell in cells if cell)
    return len({_FIELDS[form] for form in named if form})


def spaced(name: str) -> str:
    """A name in lower case with spaces between its words: 'productTypeName' is 'product type name'."""
    return re.sub(r"[\W_]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)).strip().casefold()
