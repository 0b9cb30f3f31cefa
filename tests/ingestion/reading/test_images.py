"""Images: found by name in the folder and nowhere else, decoded whole, or reported."""

import hashlib
import io
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from ingestion import image_files
from ingestion.image_files import ImageError, decode, letterbox, open_rgb
from ingestion.reading import images as module
from ingestion.reading.images import read_images
from store.chunks import Chunks
from store.errors import CatalogueError
from store.root import Root
from store.tables import table

PIXELS = 25_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "images"
    path.mkdir()
    return path


def plain(size: tuple[int, int] = (60, 40), colour: str = "red", mode: str = "RGB") -> Image.Image:
    return Image.new("RGB", size, colour).convert(mode)


def read(names: dict[str, str | None], folder: Path | None, max_pixels: int = PIXELS) -> tuple[pa.Table, pa.Table]:
    rows = [{"product_id": i, "image_path": n, "catalogue_row": k} for k, (i, n) in enumerate(names.items(), start=1)]
    products = pa.Table.from_pylist(rows, schema=table("products").schema)
    parts = list(read_images(products, folder, max_pixels, lambda done, total: None))
    return pa.concat_tables([p for p, _ in parts]), pa.concat_tables([i for _, i in parts])


def problem(folder: Path, name: str, max_pixels: int = PIXELS) -> str:
    """The one problem of a product whose image has this name, beside a sound one."""
    plain().save(folder / "sound.png")
    found, issues = read({"good": "sound.png", "bad": name}, folder, max_pixels)
    assert found["product_id"].to_pylist() == ["good"]
    (issue,) = issues.to_pylist()
    assert (issue["product_id"], issue["catalogue_row"], issue["stage"]) == ("bad", 2, "images")
    return str(issue["problem"])


def test_an_image_is_described_by_hash_size_and_thumbnail(folder: Path) -> None:
    plain((1000, 400)).save(folder / "a.jpg")
    found, issues = read({"1": "a.jpg"}, folder)
    assert found.schema == table("images").schema
    assert issues.num_rows == 0
    (row,) = found.to_pylist()
    assert row["sha256"] == hashlib.sha256((folder / "a.jpg").read_bytes()).hexdigest()
    assert (row["image_path"], row["width"], row["height"]) == ("a.jpg", 1000, 400)
    with Image.open(io.BytesIO(row["thumbnail"])) as thumbnail:
        assert (thumbnail.format, thumbnail.size) == ("JPEG", (256, 102))


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "gif", "bmp"])
def test_every_allowed_format_is_read(folder: Path, suffix: str) -> None:
    plain().save(folder / f"a.{suffix}")
    assert read({"1": f"a.{suffix}"}, folder)[0].num_rows == 1


def test_another_format_is_refused_whatever_its_name(folder: Path) -> None:
    plain().save(folder / "a.tiff")
    (folder / "a.tiff").rename(folder / "a.jpg")
    assert problem(folder, "a.jpg") == "broken image"


def test_a_wrong_suffix_of_an_allowed_format_does_not_matter(folder: Path) -> None:
    plain().save(folder / "a.png")
    (folder / "a.png").rename(folder / "a.jpg")
    assert read({"1": "a.jpg"}, folder)[0].num_rows == 1


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "gif", "bmp"])
def test_a_truncated_image_is_broken(folder: Path, suffix: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (100, 100, 3), dtype=np.uint8)
    Image.fromarray(noise).save(folder / f"a.{suffix}")
    data = (folder / f"a.{suffix}").read_bytes()
    (folder / f"a.{suffix}").write_bytes(data[: len(data) * 2 // 3])
    assert problem(folder, f"a.{suffix}") == "broken image"


def test_an_empty_file_is_broken_and_a_missing_one_missing(folder: Path) -> None:
    (folder / "empty.jpg").touch()
    assert problem(folder, "empty.jpg") == "broken image"
    assert problem(folder, "none.jpg") == "missing image"


def test_a_folder_a_pipe_and_impossible_names_are_missing(folder: Path) -> None:
    (folder / "sub.jpg").mkdir()
    os.mkfifo(folder / "pipe.jpg")
    for name in ("sub.jpg", "pipe.jpg", "nul\0.jpg", "x" * 5000, "a/" * 3000 + "b.jpg"):
        assert problem(folder, name) == "missing image"


@pytest.mark.parametrize(
    "name", ["../secret.jpg", "a/../../secret.jpg", "..\\secret.jpg", "\\secret.jpg", "C:\\secret.jpg"]
)
def test_a_name_that_leads_out_of_the_folder_is_refused(folder: Path, name: str) -> None:
    plain().save(folder.parent / "secret.jpg")
    plain().save(folder / "a.jpg")
    assert problem(folder, name) == "image outside the folder"


@pytest.mark.parametrize("name", ["/m/b/a.jpg", "C:\\shop\\a.jpg", "\\\\server\\a.jpg", "/etc/passwd/a.jpg"])
def test_an_absolute_name_means_the_file_of_its_last_part_in_the_folder(folder: Path, name: str) -> None:
    plain().save(folder / "a.jpg")
    assert read({"1": name}, folder)[0]["image_path"].to_pylist() == ["a.jpg"]
    assert problem(folder, str(folder.parent / "secret.jpg")) == "image outside the folder"


def test_only_a_link_that_stays_in_the_folder_is_followed(folder: Path) -> None:
    plain().save(folder.parent / "secret.jpg")
    (folder / "out.jpg").symlink_to("../secret.jpg")
    (folder / "ring.jpg").symlink_to("ring.jpg")
    (folder / "in.png").symlink_to("sound.png")
    assert problem(folder, "out.jpg") == "image outside the folder"
    assert problem(folder, "ring.jpg") == "missing image"
    assert read({"1": "in.png"}, folder)[0].num_rows == 1


def test_pixels_are_capped_from_the_header_before_decoding(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain((200, 100)).save(folder / "a.png")
    assert read({"1": "a.png"}, folder, max_pixels=20_000)[0].num_rows == 1
    assert problem(folder, "a.png", max_pixels=19_999) == "too large image"


@pytest.mark.parametrize("side", [10_000, 30_000])
def test_a_decompression_bomb_is_refused(folder: Path, side: int) -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(bytes(1000)))
    (folder / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + header + body + chunk(b"IEND", b""))
    assert problem(folder, "bomb.png", max_pixels=10**9) == "too large image"


def test_a_file_of_too_many_bytes_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_files, "MAX_BYTES", 5000)
    (folder / "a.jpg").write_bytes(bytes(5001))
    assert problem(folder, "a.jpg") == "too large image"


def test_an_image_is_turned_by_its_exif_orientation(folder: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    plain((60, 40)).save(folder / "a.jpg", exif=exif)
    assert open_rgb(folder / "a.jpg").size == (40, 60)
    assert read({"1": "a.jpg"}, folder)[0]["width"].to_pylist() == [40]


def test_an_image_with_damaged_exif_is_read(folder: Path) -> None:
    plain().save(folder / "a.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert open_rgb(folder / "a.jpg").size == (60, 40)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_becomes_white(folder: Path, mode: str) -> None:
    clear = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    clear.paste((255, 0, 0, 255), (0, 0, 4, 8))
    clear.convert(mode).save(folder / "a.png")
    pixels = np.asarray(open_rgb(folder / "a.png"))
    assert pixels[4, 6].tolist() == [255, 255, 255]
    assert pixels[4, 1].tolist() != [255, 255, 255]


@pytest.mark.parametrize("mode", ["CMYK", "L", "YCbCr"])
def test_other_colour_spaces_become_rgb(folder: Path, mode: str) -> None:
    plain(colour="white", mode=mode).save(folder / "a.jpg")
    image = open_rgb(folder / "a.jpg")
    assert image.mode == "RGB"
    assert np.asarray(image).min() > 250


def test_sixteen_bits_keep_their_shades(folder: Path) -> None:
    ramp = np.tile(np.linspace(0, 65535, 256, dtype=np.uint16), (4, 1))
    Image.fromarray(ramp).save(folder / "a.png")
    assert np.abs(np.asarray(open_rgb(folder / "a.png"))[0, :, 0].astype(int) - np.arange(256)).max() <= 1


def test_of_an_animation_the_first_frame_is_taken(folder: Path) -> None:
    plain(colour="red").save(folder / "a.gif", save_all=True, append_images=[plain(colour="blue")])
    assert np.asarray(open_rgb(folder / "a.gif"))[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize("name", ["sub/a.jpg", "http://shop.example/p/a.jpg?size=2", "else/a.jpg", "p\\a.jpg", "a"])
def test_a_path_an_address_and_a_bare_name_find_the_file(folder: Path, name: str) -> None:
    plain().save(folder / "a.jpg")
    (folder / "sub").mkdir()
    plain(colour="blue").save(folder / "sub/a.jpg")
    (path,) = read({"1": name}, folder)[0]["image_path"].to_pylist()
    assert path == ("sub/a.jpg" if name.startswith("sub") else "a.jpg")


def test_without_a_name_the_file_called_by_the_id_is_taken(folder: Path) -> None:
    plain().save(folder / "p1.webp")
    found, issues = read({"p1": None, "p2": None}, folder)
    assert found["image_path"].to_pylist() == ["p1.webp"]
    assert [(i["product_id"], i["problem"]) for i in issues.to_pylist()] == [("p2", "no image")]


def test_a_catalogue_without_any_image_is_one_issue(folder: Path) -> None:
    assert read({"1": None, "2": None}, folder)[1]["problem"].to_pylist() == ["no image"]
    assert read({"1": "a.jpg", "2": "b.jpg"}, None)[1]["problem"].to_pylist() == ["no images folder"]
    assert read({"1": None, "2": None}, None)[1].num_rows == 0


def test_a_missing_images_folder_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="cannot be listed"):
        read({"1": "a.jpg"}, tmp_path / "none")


def test_images_come_in_batches_and_all_products_are_counted(folder: Path) -> None:
    plain((8, 8)).save(folder / "a.png")
    rows = [{"product_id": str(i), "image_path": "a.png" if i % 2 else "b.png"} for i in range(600)]
    products = pa.Table.from_pylist(rows, schema=table("products").schema)
    seen: list[tuple[int, int]] = []
    parts = list(read_images(products, folder, PIXELS, lambda done, total: seen.append((done, total))))
    assert seen[-1] == (600, 600)
    assert [p.num_rows + i.num_rows for p, i in parts] == [256, 256, 88]


def test_a_letterbox_keeps_the_whole_image_and_its_aspect() -> None:
    square = letterbox(plain((200, 100)), 64)
    assert (square.shape, square.dtype) == ((64, 64, 3), np.uint8)
    assert square[32, 32].tolist() == [255, 0, 0]
    assert square[8, 32].tolist() == [255, 255, 255]
    assert (square[:, 32] == [255, 0, 0]).all(axis=1).sum() == 32
    assert letterbox(plain((1, 5000)), 32).shape == (32, 32, 3)


def test_a_damaged_image_is_read_or_raises_an_image_error(folder: Path) -> None:
    random = np.random.default_rng(0)
    noise = Image.fromarray(random.integers(0, 255, (24, 24, 3), dtype=np.uint8))
    refused = []
    for suffix in ("jpg", "png", "webp", "gif", "bmp"):
        path = folder / f"a.{suffix}"
        noise.save(path)
        sound = np.frombuffer(path.read_bytes(), np.uint8)
        for _ in range(200):
            data = sound.copy()
            data[random.integers(0, len(data), 4)] = random.integers(0, 256, 4)
            path.write_bytes(data.tobytes()[: random.integers(1, len(data) + 1)])
            try:
                assert open_rgb(path, PIXELS).mode == "RGB"
            except ImageError as error:
                refused.append(error.problem)
    assert len(refused) > 100
    assert set(refused) <= {"broken image", "too large image"}


def test_all_flipkart_images_are_read(shared: Path) -> None:
    home = shared / "data/flipkart/images"
    found, issues = read({path.stem: path.name for path in sorted(home.iterdir())[:200]}, home)
    assert (found.num_rows, issues.num_rows) == (200, 0)
    assert max(found["width"].to_pylist()) == 512


def test_only_new_images_are_decoded(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[str] = []

    def counted(data: bytes, name: str, max_pixels: int | None) -> Image.Image:
        decoded.append(name)
        return decode(data, name, max_pixels)

    def described(*names: str) -> list[dict[str, Any]]:
        decoded.clear()
        rows = [{"product_id": name, "image_path": name, "catalogue_row": n} for n, name in enumerate(names, 1)]
        products = pa.Table.from_pylist(rows, schema=table("products").schema)
        kept = Chunks(Root(tmp_path / "store"), "a" * 32)
        return pa.concat_tables(
            found for found, _ in read_images(products, folder, PIXELS, lambda done, total: None, kept)
        ).to_pylist()

    monkeypatch.setattr(module, "decode", counted)
    for n, name in enumerate(("a.png", "b.png", "c.png")):
        plain((300 + n, 400)).save(folder / name)
    first = described("a.png", "b.png")
    assert decoded == ["a.png", "b.png"]
    assert described("c.png", "a.png")[1] == first[0]
    assert decoded == ["c.png"]
    plain((9, 9)).save(folder / "a.png")
    assert described("c.png", "a.png")[1]["width"] == 9
    assert decoded == ["a.png"]


def test_broken_images_of_equal_bytes_are_named_each(folder: Path) -> None:
    for name in ("a.png", "b.png"):
        (folder / name).write_bytes(b"no image")
    details = read({"1": "a.png", "2": "b.png"}, folder)[1]["detail"].to_pylist()
    assert [detail.split("'")[1] for detail in details] == ["a.png", "b.png"]
