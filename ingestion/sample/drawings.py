"""The images of the sample catalogue: a product, drawn, set into a scene and lit as a seller's photograph would be.

Background, light, rotation, crop and obstacles depend on the seller, not on the category, so that images are also
similar for the wrong reasons, as in a real catalogue.
"""

from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from ingestion.sample.pen import WOOD, Colour, Paint, Pen, box, moved, oval, shade
from ingestion.sample.things import DRAWERS

Pixels = NDArray[Any]
"""RGB of 0 to 255, shape (height, width, 3)."""
SHAPES = ((224, 224), (256, 256), (256, 256), (288, 288), (240, 300), (224, 288), (300, 240))
FLAT_LAID = ("Watches",)
HUNG = {"Clocks": ("wall", "sunburst", "strap", "pendulum")}
PROP_FRACTION = 0.3
"""Fraction of images with something else in them."""
PROPS = (
    ("Mugs", "classic"),
    ("Vases", "bottle"),
    ("Lamps", "table"),
    ("Clocks", "alarm"),
    ("Handbags", "satchel"),
    ("Watches", "analogue"),
    ("Backpacks", "daypack"),
)
"""Category and sub-type of what sellers add to an image."""
PATTERNS = {
    "Watches": ("plain",),
    "Clocks": ("plain", "plain", "bands"),
    "Mugs": ("plain", "plain", "speckle", "stripes", "bands", "dots", "checks", "chevron", "dipped"),
    "Vases": ("plain", "plain", "plain", "speckle", "stripes", "bands", "chevron", "dipped"),
    "Backpacks": ("plain", "plain", "weave", "weave", "dots", "chevron"),
    "Handbags": ("plain", "plain", "weave", "quilt", "stripes", "checks"),
    "Lamps": ("plain", "speckle", "bands", "dipped"),
}
WALLS: tuple[Colour, ...] = (
    (226, 220, 210),
    (198, 206, 208),
    (214, 200, 186),
    (176, 186, 176),
    (206, 190, 196),
    (160, 172, 186),
)


def draw(
    category: str,
    sub_type: str,
    colour: Colour,
    accent: Colour,
    rng: Random,
    shapes: tuple[tuple[int, int], ...] = SHAPES,
    patterns: tuple[str, ...] | None = None,
) -> Image.Image:
    """One image, RGB: `sub_type` is a sub-type of the category as in `texts.WORDING`.

    Its width and height are one of `shapes`, in px; its pattern is one of `patterns`, or of the category's if None.
    Deterministic for equal arguments and an equal state of `rng`. KeyError for an unknown category or sub_type.
    """
    width, height = rng.choice(shapes)
    style = rng.choices(("studio", "gradient", "table", "room", "cloth"), (22, 16, 22, 26, 14))[0]
    flat, hung = category in FLAT_LAID or rng.random() < 0.06, sub_type in HUNG.get(category, ())
    size = min(width, height) * rng.uniform(0.22, 0.43)
    floor = height / 2 + size * rng.uniform(0.92, 1.06)
    turn = rng.gauss(0, 26) if flat else rng.gauss(0, 2.5)
    centre = (width * rng.uniform(0.43, 0.57), height / 2 + rng.uniform(-6, 6) if flat or hung else floor - size * 0.97)
    paint = Paint(
        colour,
        "round",
        rng.choice(patterns or PATTERNS[category]),
        accent,
        rng.uniform(0.02, 0.35),
        rng.randrange(2**31),
    )
    pen = Pen(width, height, centre, size, turn, rng.uniform(0.9, 1.1))
    DRAWERS[category](pen, sub_type, paint, rng)
    thing = pen.finished()
    scene = background(style, width, height, floor, flat or hung, rng)
    if rng.random() < PROP_FRACTION:
        beside = prop(width, height, floor - size * 0.05, size, centre[0], category, rng)
        scene = paste(with_shadow(scene, beside, flat or hung, rng), beside)
    scene = paste(with_shadow(scene, thing, flat or hung, rng), thing)
    if rng.random() < 0.2:
        scene = paste(scene, obstacle(width, height, rng))
    return lit(scene, studio=style == "studio", rng=rng)


def prop(width: int, height: int, floor: float, size: float, beside: float, category: str, rng: Random) -> Image.Image:
    """Something of another category, half hidden behind the product."""
    small = size * rng.uniform(0.5, 0.8)
    side = rng.choice((-1, 1))
    pen = Pen(width, height, (beside + side * size * rng.uniform(0.75, 1.0), floor - small), small, rng.gauss(0, 3))
    other, sub_type = rng.choice([entry for entry in PROPS if entry[0] != category])
    DRAWERS[other](pen, sub_type, Paint(shade(rng.choice(WALLS), 0.7), "round"), rng)
    return pen.finished()


def background(style: str, width: int, height: int, floor: float, upright: bool, rng: Random) -> Pixels:
    """A white studio, a gradient, a table of planks, a room or a cloth; `upright` backgrounds have no floor."""
    chance = np.random.default_rng(rng.randrange(2**31))
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    wall = np.array(rng.choice(WALLS), np.float32)
    edge = height * 2.0 if upright else floor - height * rng.uniform(0.06, 0.2)
    plain = np.ones((height, width, 1), np.float32)
    if style == "studio":
        return plain * np.float32(rng.uniform(244, 255))
    if style == "gradient":
        fall = np.hypot(x / width - 0.45, y / height - 0.4)[..., None]
        return np.asarray(wall * (1.12 - 0.42 * fall * rng.uniform(0.6, 1.3)))
    if style == "cloth":
        folds = np.sin(x / rng.uniform(17, 34) + 2 * np.sin(y / 60)) * np.cos(y / rng.uniform(30, 60))
        return np.asarray(wall * (0.95 + 0.05 * folds[..., None]) + 3 * chance.standard_normal((height, width, 1)))
    if style == "table":
        planks = boards(x, y, rng, chance)
        if upright:
            return planks
        return np.where((y > edge)[..., None], planks, wall * (1.05 - 0.2 * (y / height)[..., None]))
    scene = wall * (1.06 - 0.14 * (x / width)[..., None])
    scene = scene + 2 * chance.standard_normal((height, width, 1))
    if not upright:
        below = np.array(shade(WOOD, rng.uniform(0.8, 1.6)), np.float32) * (0.85 + 0.15 * (y / height)[..., None])
        scene = np.where((y > edge)[..., None], below, scene)
        scene = np.where(((y > edge - 5) & (y <= edge))[..., None], 236.0, scene)
    return paste(scene, furniture(width, height, min(edge, height), rng))


def boards(x: Pixels, y: Pixels, rng: Random, chance: np.random.Generator) -> Pixels:
    """Wooden planks with some grain."""
    wide, tone = rng.uniform(28, 60), np.array(shade(WOOD, rng.uniform(0.7, 1.7)), np.float32)
    rows = (y // wide).astype(int)
    tint = chance.uniform(0.88, 1.1, rows.max() + 1)[rows]
    grain = np.sin(y * 1.7 + 3 * np.sin(x / 40 + rows)) * 0.04 + chance.standard_normal(y.shape) * 0.015
    seam = np.where(y % wide < 1.5, 0.7, 1.0)
    return np.asarray(tone * ((tint + grain) * seam)[..., None], np.float32)


def furniture(width: int, height: int, edge: float, rng: Random) -> Image.Image:
    """Out-of-focus things at the wall: a framed print, a window, a plant, books, another seller's mug or vase."""
    pen = Pen(width, height, (width / 2, edge / 2), edge / 2)
    side = rng.choice((-1, 1)) * width / max(edge, 1)
    for sort in rng.sample(("print", "window", "plant", "books", "other"), rng.choice((1, 2))):
        if sort == "print":
            pen.fill(moved(box(-0.22, -0.3, 0.22, 0.3), side * 0.62, -0.4), (240, 238, 232))
            pen.fill(moved(box(-0.16, -0.24, 0.16, 0.24), side * 0.62, -0.4), rng.choice(WALLS))
        elif sort == "window":
            pen.fill(moved(box(-0.35, -0.6, 0.35, 0.4), -side * 0.75, -0.2), (246, 250, 252))
            pen.line(moved(box(-0.35, -0.6, 0.35, 0.4), -side * 0.75, -0.2), 0.05, (255, 255, 255), closed=True)
        elif sort == "plant":
            for turn in range(-70, 71, 28):
                pen.fill(
                    moved(oval(0, -0.3, 0.09, 0.32), side * 0.85, 0.7, turn), Paint((86, 124, 84), "ball", gloss=0)
                )
            pen.fill(moved(box(-0.16, -0.02, 0.16, 0.34), side * 0.85, 0.65), (196, 126, 92))
        elif sort == "books":
            for k in range(4):
                pen.fill(
                    moved(box(0, -rng.uniform(0.35, 0.5), 0.09, 0), -side * 0.95 + 0.1 * k, 1),
                    shade(rng.choice(WALLS), 0.7),
                )
        else:
            small = Pen(width, height, (width / 2 + side * edge * 0.42, edge - height * 0.09), height * 0.1)
            other, sub_type = rng.choice(PROPS)
            DRAWERS[other](small, sub_type, Paint(shade(rng.choice(WALLS), 0.8), "round"), rng)
            pen.sheet.alpha_composite(small.sheet)
    return pen.finished().filter(ImageFilter.GaussianBlur(rng.uniform(1.0, 2.6)))


def obstacle(width: int, height: int, rng: Random) -> Image.Image:
    """What is in front of the product: a leaf from the edge, a price sticker or a tag."""
    pen = Pen(width, height, (width / 2, height / 2), min(width, height) / 2)
    match rng.choice(("leaf", "sticker", "tag")):
        case "leaf":
            for turn in (20, 48, 76):
                pen.fill(moved(oval(0, -0.45, 0.13, 0.46), -1.05, 1.1, turn), Paint((70, 118, 74), "ball", gloss=0.05))
        case "sticker":
            pen.fill(
                oval(0.68, -0.66, 0.25, 0.25),
                Paint(rng.choice(((214, 44, 44), (240, 190, 40), (40, 120, 200))), gloss=0),
            )
            for y in (-0.74, -0.64, -0.56):
                pen.line(np.array([(0.56, y), (0.8, y)]), 0.035, (252, 250, 246))
        case _:
            pen.fill(moved(box(-0.14, 0, 0.14, 0.4, 0.04), 0.3, 0.05, 14), Paint((236, 224, 196), gloss=0))
            pen.line(np.array([(0.3, 0.08), (0.2, -0.35)]), 0.015, (120, 100, 80))
    return pen.finished()


def with_shadow(scene: Pixels, thing: Image.Image, upright: bool, rng: Random) -> Pixels:
    """The scene darkened behind a hung or laid product, or under an upright one."""
    alpha = thing.getchannel("A")
    if upright:
        shape = Image.new("L", alpha.size)
        shape.paste(alpha, (rng.randrange(3, 9), rng.randrange(3, 11)))
        blur, depth = rng.uniform(3, 7), rng.uniform(0.25, 0.5)
    else:
        left, _, right, bottom = alpha.getbbox() or (0, 0, 1, 1)
        shape = Image.new("L", alpha.size)
        flat = alpha.crop((left, 0, right, bottom)).resize((right - left, max((bottom - 0) // 9, 2)))
        shape.paste(flat, (left + rng.randrange(-4, 12), bottom - flat.height * 2 // 3))
        blur, depth = rng.uniform(3, 6), rng.uniform(0.35, 0.65)
    soft = np.asarray(shape.filter(ImageFilter.GaussianBlur(blur)), np.float32)[..., None] / 255
    return scene * (1 - depth * soft)


def paste(scene: Pixels, layer: Image.Image) -> Pixels:
    """The layer over the scene."""
    pixels = np.asarray(layer, np.float32)
    alpha = pixels[..., 3:] / 255
    return scene * (1 - alpha) + pixels[..., :3] * alpha


def lit(scene: Pixels, studio: bool, rng: Random) -> Image.Image:
    """Exposure, colour of the light, fall-off across the image, sensor noise and, at times, a slight blur."""
    height, width = scene.shape[:2]
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j][..., None]
    fall = 0.04 if studio else rng.uniform(0.05, 0.3)
    angle = rng.uniform(0, 2 * np.pi)
    light = 1 + fall * (np.cos(angle) * (x - 0.5) + np.sin(angle) * (y - 0.5))
    warm = rng.gauss(0, 0.015 if studio else 0.05)
    exposure = rng.uniform(0.96, 1.03) if studio else rng.uniform(0.8, 1.08)
    noise = np.random.default_rng(rng.randrange(2**31)).standard_normal((height, width, 1)) * rng.uniform(0, 3)
    pixels = scene * light * exposure * np.array([1 + warm, 1, 1 - warm]) + noise
    image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    return image.filter(ImageFilter.GaussianBlur(rng.uniform(0.6, 1.4))) if rng.random() < 0.15 else image
