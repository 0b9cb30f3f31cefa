"""A text that is not UTF-8 is read in the encoding that its letters speak for, and an issue says which."""

from pathlib import Path

import pytest

from ingestion.config import Catalogue as Settings
from ingestion.reading import catalogue
from ingestion.reading.encodings import find_encoding

NAMES = {
    "Polish": ("cp1250 iso8859_2", "żółty kubek, świecznik mosiężny, lampa stołowa, łyżka, dzbanek na herbatę"),
    "Czech": ("cp1250 iso8859_2", "křišťálová lampa, žlutý hrnek, dřevěná lžíce, měděná svíčka"),
    "Hungarian": ("cp1250", "fehér teáskanna, fakanál, asztali lámpa, kék bögre, szőnyeg, fűszertartó"),
    "Russian": ("cp1251 koi8_r", "Белый чайник, Лампа настольная, деревянная ложка, восковая свеча"),
    "Ukrainian": ("cp1251", "білий чайник, їжа, свічка, синій кухоль, книга рецептів"),
    "Greek": ("cp1253", "λευκή τσαγιέρα, ξύλινο κουτάλι, λάμπα γραφείου, μπλε κούπα"),
    "Turkish": ("cp1254", "beyaz çaydanlık, tahta kaşık, masa lambası, mum ışığı"),
    "Hebrew": ("cp1255", "קומקום לבן, כף עץ, מנורת שולחן, ספל כחול, ספר בישול"),
    "Arabic": ("cp1256", "إبريق شاي أبيض, ملعقة خشبية, مصباح مكتب, كوب أزرق, كتاب طبخ"),
    "Latvian": ("cp1257", "balta tējkanna, koka karote, galda lampa, zila krūze, svečturis, mājas, ķirši, ģimene"),
    "Thai": ("cp874", "กาน้ำชาสีขาว, ช้อนไม้, โคมไฟตั้งโต๊ะ, แก้วสีน้ำเงิน"),
    "Japanese": ("shift_jis euc_jp", "白いティーポット, 木のスプーン, 机のランプ, 青いマグカップ, 料理の本"),
    "Chinese": ("gb18030 big5", "白色茶壶, 木勺子, 台灯, 色克杯, 食, 黄烛台"),
    "Korean": ("euc_kr", "흰색 찻주전자, 나무 숟가락, 탁상 램프, 파란 머그잔, 요리책"),
    "German": ("cp1252", "weiße Teekanne, Holzlöffel, Tischlampe fürs Büro, Geschirrtücher – 5 €"),
    "French": ("cp1252", "théière blanche, cuillère en bois, tasse à thé, recettes d’été"),
}
CASES = [(name, encoding, text) for name, (encodings, text) in NAMES.items() for encoding in encodings.split()]


@pytest.mark.parametrize(("name", "encoding", "text"), CASES, ids=[f"{name} {code}" for name, code, _ in CASES])
def test_names_of_other_encodings_are_read_as_written(tmp_path: Path, name: str, encoding: str, text: str) -> None:
    names = text.encode(encoding, "ignore").decode(encoding).split(", ")  # Big5 lacks some signs
    path = tmp_path / "c.csv"
    lines = [f"{i},{names[i % len(names)]},{'AB'[i % 2]}" for i in range(20)]
    path.write_bytes("\n".join(["id,name,category", *lines]).encode(encoding))
    found = catalogue.read(path, Settings())
    assert found.products["name"].to_pylist() == [names[i % len(names)] for i in range(20)]
    problem = "not UTF-8" if encoding == "cp1252" else "encoding assumed"
    assert problem in found.issues["problem"].to_pylist()


def test_json_lines_of_another_encoding_are_read_too(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    path.write_bytes('{"id": "1", "name": "белый чайник"}\n{"id": "2", "name": "синяя кружка"}\n'.encode("cp1251"))
    assert catalogue.read(path, Settings()).products["name"].to_pylist() == ["белый чайник", "синяя кружка"]


def test_a_few_stray_bytes_do_not_change_the_encoding_of_a_file() -> None:
    lines = [text.encode() for text in ("żółty kubek", "łyżka", "świecznik")]
    assert find_encoding([*lines, "dzbanek na herbatę".encode("cp1250")]) is None


def test_an_encoding_is_found_behind_thousands_of_ascii_rows(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    rows = ["id,name", *(f"{i},plain oak table" for i in range(9000)), "a,żółty kubek", "b,łyżka świecznik"]
    path.write_bytes("\n".join(rows).encode("cp1250"))
    assert catalogue.read(path, Settings()).products["name"].to_pylist()[-2:] == ["żółty kubek", "łyżka świecznik"]
