"""The language of a catalogue is found, and words stay whole in every script."""

import pytest

from ingestion.reading.languages import detect, words
from ingestion.reading.texts import clean

CATALOGUES = {
    "en": ["plum teapot with lid", "lantern for the garden", "set of two cups"],
    "de": ["Pflaumenfarbene Kanne mit Deckel", "Laterne für den Garten", "Set aus zwei Tassen"],
    "fr": ["Théière avec couvercle", "Lanterne pour le jardin", "Lot de deux tasses"],
    "es": ["Tetera con tapa para el té", "Farol para el jardín", "Juego de dos tazas"],
    "it": ["Teiera con coperchio della serie", "Lanterna per il giardino", "Set di due tazze"],
    "pt": ["Bule com tampa para chá", "Lanterna para o jardim não elétrica", "Jogo com duas xícaras"],
    "ru": ["Чайник с крышкой", "Фонарь для сада", "Набор из двух чашек"],
    "hi": ["ढक्कन वाली केतली", "बगीचे के लिए लालटेन"],
    "th": ["กาน้ำชามีฝาปิด", "โคมไฟสวน"],
    "zh": ["带盖紫色茶壶", "花园灯笼"],
    "ja": ["ふた付きの紫色ティーポット", "庭のランタン"],
    "ko": ["뚜껑이 있는 찻주전자", "정원용 랜턴"],
    "ar": ["إبريق شاي بغطاء", "فانوس للحديقة"],
    "he": ["קומקום תה עם מכסה", "פנס לגינה"],
    "el": ["Τσαγιέρα με καπάκι"],
    "vi": ["Ấm trà có nắp", "Đèn lồng cho vườn"],
    "tr": ["Kapaklı çaydanlık", "Bahçe için fener ve ışık"],
    "mul": ["कपड़ा लाल", "กาน้ำชา", "plum teapot", "إبريق شاي"],
}


@pytest.mark.parametrize(("code", "texts"), CATALOGUES.items(), ids=CATALOGUES)
def test_the_language_of_a_catalogue_is_found(code: str, texts: list[str]) -> None:
    assert detect(texts).code == code


@pytest.mark.parametrize("texts", [[], [""], ["12 34"], ["Mug XL", "Bag S"], ["La Orva de luxe bag", "red bag", "mug"]])
def test_where_nothing_speaks_for_another_it_is_english(texts: list[str]) -> None:
    assert detect(texts).code == "en"


@pytest.mark.parametrize(
    "text",
    [
        "सूती साड़ी",
        "সুতির শাড়ি",
        "பருத்தி சேலை",
        "كِتَابٌ جَمِيل",
        "סֵפֶר יָפֶה",
        "ipek eşarp",
        "áo dài nam",
        "여성 가방",
        "нож для хлеба",
    ],
)
def test_a_word_is_not_cut_at_its_combining_signs(text: str) -> None:
    assert words(text) == text.split()
    assert clean(text, "mul") == text


def test_the_turkish_capital_i_with_a_dot_is_an_i() -> None:
    assert clean("İpek Eşarp", "tr").split()[0] == "ipek"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("紫色茶壶", ["紫色", "色茶", "茶壶"]),
        ("茶", ["茶"]),
        ("orva紫色16茶壶", ["orva", "紫色", "茶壶"]),
        ("ティーポット", ["ティ", "ィー", "ーポ", "ポッ", "ット"]),
        ("กาน้ำชา", ["กาน้ำ", "าน้ำช", "น้ำชา"]),
    ],
)
def test_scripts_without_spaces_give_letter_groups(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_stop_words_and_lemmas_are_of_the_language_alone() -> None:
    assert clean("Die Tassen mit dem Deckel", "de").split() == ["Tasse".lower(), "Deckel".lower()]
    assert clean("with the nam", "vi") == "with the nam"
    assert clean("das mit mugs", "en").split()[-1] == "mug"
