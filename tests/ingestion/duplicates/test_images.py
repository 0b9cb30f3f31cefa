"""Which images are one image saved again, and which are of two products."""

import io
from collections.abc import Callable
from random import Random

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from ingestion.duplicates import candidates
from ingestion.duplicates import images as near_images
from ingestion.duplicates.images import pairs
from ingestion.sample.drawings import draw

RED, BLUE, GREY = (190, 40, 50), (40, 80, 190), (120, 120, 120)


def mug(
    colour: tuple[int, int, int] = RED, seed: int = 3, category: str = "Mugs", sub_type: str = "beaker"
) -> Image.Image:
    return draw(category, sub_type, colour, GREY, Random(seed))


def saved(image: Image.Image, quality: int = 85) -> bytes:
    file = io.BytesIO()
    small = image.convert("RGB")
    small.thumbnail((256, 256))
    small.save(file, "JPEG", quality=quality)
    return file.getvalue()


def found(*images: Image.Image) -> dict[tuple[int, int], float]:
    files = [saved(image) for image in images]
    return pairs(len(files), files.__getitem__)


def cropped(image: Image.Image) -> Image.Image:
    width, height = image.size
    return image.crop((width // 25, height // 40, width - width // 50, height - height // 30))


def warmer(image: Image.Image) -> Image.Image:
    return Image.fromarray(np.clip(np.asarray(image) * np.array([1.04, 1, 0.96]), 0, 255).astype(np.uint8))


@pytest.mark.parametrize(
    "alter",
    [
        lambda image: Image.open(io.BytesIO(saved(image, 45))),
        lambda image: image.resize((image.width // 2, image.height // 2)),
        cropped,
        lambda image: ImageEnhance.Brightness(image).enhance(0.88),
        lambda image: ImageEnhance.Contrast(image).enhance(1.12),
        warmer,
    ],
    ids=["saved harder", "smaller", "cropped", "darker", "more contrast", "warmer"],
)
@pytest.mark.parametrize("seed", [3, 4, 5])
def test_an_image_saved_again_is_a_near_duplicate(alter: Callable[[Image.Image], Image.Image], seed: int) -> None:
    image = mug(seed=seed)
    similarity = found(image, alter(image))[0, 1]
    assert 0.9 < similarity <= 1


def test_an_image_with_a_border_is_a_near_duplicate() -> None:
    thing = Image.new("RGB", (220, 260), "white")
    thing.paste(mug().crop((60, 60, 240, 240)), (20, 40))
    assert found(thing, ImageOps.expand(thing, 30, "white"))


def test_the_same_image_in_another_colour_is_no_duplicate() -> None:
    assert found(mug(RED), mug(BLUE)) == {}


def test_the_same_product_with_a_part_that_differs_is_no_duplicate() -> None:
    image = mug()
    other = image.copy()
    width, height = image.size
    other.paste(Image.new("RGB", (width // 9, height // 9), (20, 160, 60)), (width // 2, height // 2))
    assert found(image, other) == {}


def test_a_shade_that_contrast_would_equalise_is_no_duplicate() -> None:
    dark, light = (Image.new("RGB", (200, 240), "white") for _ in range(2))
    for image, grey in ((dark, 60), (light, 95)):
        image.paste((grey, grey, grey), (60, 40, 140, 200))
    assert found(dark, light) == {}
    assert found(dark, ImageEnhance.Contrast(dark).enhance(0.88))


def test_two_products_of_one_sub_type_are_no_duplicates() -> None:
    assert found(*(mug(seed=seed) for seed in range(12))) == {}


def test_blank_images_have_no_duplicates() -> None:
    blank = Image.new("RGB", (200, 200), "white")
    assert found(blank, Image.new("RGB", (180, 180), (254, 254, 254)), mug()) == {}


def test_no_image_and_one_image_have_no_duplicates() -> None:
    assert found() == {}
    assert found(mug()) == {}


def test_an_image_of_one_pixel_is_compared_without_error() -> None:
    assert found(Image.new("RGB", (1, 1)), Image.new("RGB", (400, 1)), mug()) == {}


def test_images_that_are_all_similar_are_compared_with_a_few_each() -> None:
    rng = np.random.default_rng(0)
    plain = np.asarray(mug().resize((64, 64))).astype(float)
    images = [
        Image.fromarray(np.clip(plain + rng.normal(0, 6, plain.shape), 0, 255).astype(np.uint8)) for _ in range(150)
    ]
    files = [saved(image) for image in images]
    compared = []

    def counted(one: near_images.Pixels, other: near_images.Pixels) -> float:
        compared.append(1)
        return 1.0

    links = pairs(len(files), files.__getitem__, counted)
    assert 149 <= len(links) <= len(compared) <= 2 * 150 * candidates.NEAREST
