"""The products of the sample catalogue, drawn with a pen: one function per category, one shape per sub-type."""

from collections.abc import Callable
from dataclasses import replace
from math import cos, sin
from random import Random

import numpy as np

from ingestion.sample.dials import clock, clock_text, figures, watch
from ingestion.sample.pen import DARK, GOLD, STEEL, WOOD, Paint, Pen, box, moved, oval, path, shade, turned


def mug(pen: Pen, sub_type: str, paint: Paint, rng: Random) -> None:
    """Mugs and cups, most with a handle at one side."""
    side = rng.choice((-1, 1))
    drink = rng.choice(((74, 44, 28), (122, 74, 40), (186, 140, 96), shade(paint.colour, 0.5)))
    top, half, foot = {
        "classic": (-0.72, 0.62, rng.uniform(0.5, 0.62)), "latte": (-0.35, 0.86, 0.42), "enamel": (-0.6, 0.66, 0.62),
        "travel": (-0.86, 0.46, 0.34), "beaker": (-0.8, 0.52, rng.uniform(0.38, 0.48)),
    }[sub_type]  # fmt: skip
    if sub_type == "latte":
        pen.fill(oval(0, 0.86, 1.15, 0.2), paint.plain(shade(paint.colour, 0.85)))
        pen.fill(oval(0, 0.83, 1.1, 0.17), paint.plain(shade(paint.colour, 1.15)))
    if sub_type in ("classic", "latte", "enamel") or (sub_type == "travel" and rng.random() < 0.4):
        tall = (0.9 - top) * rng.uniform(0.25, 0.31)
        pen.tube(
            oval(side * half * 0.95, (top + 0.72) / 2, 0.36, tall), 0.15 if sub_type != "enamel" else 0.1, paint.colour
        )
    bulge = half * 0.98 if sub_type == "latte" else (half * 2 + foot) / 3
    body = turned([(top, half), ((top + 0.9) / 2, bulge), (0.8, foot * 1.02), (0.88, foot * 0.95)])
    pen.fill(body, paint)
    if sub_type == "travel":
        pen.fill(box(-half * 0.98, top + 0.62, half * 0.98, top + 1.1, 0.03), paint.plain(shade(paint.colour, 0.6)))
        pen.fill(turned([(top - 0.13, half * 0.86), (top + 0.04, half * 1.06)]), Paint(DARK, "round"))
        pen.fill(oval(0, top - 0.13, half * 0.86, 0.07), (70, 70, 74))
        pen.fill(oval(0.12, top - 0.14, 0.09, 0.025), (16, 16, 16))
        return
    lip = DARK if sub_type == "enamel" else shade(paint.colour, 1.3)
    pen.fill(oval(0, top, half, half * 0.2), lip)
    pen.fill(oval(0, top + 0.01, half * 0.92, half * 0.165), Paint(shade(paint.colour, 0.62), gloss=0))
    if rng.random() < 0.7:
        pen.fill(oval(0, top + 0.045, half * 0.85, half * 0.12), Paint(drink, "ball", gloss=0.1))


def flowers(pen: Pen, top: float, spread: float, rng: Random) -> None:
    """A few stems with blossoms, leaves or dried grass out of a neck."""
    sort, tone = (
        rng.choice(("bloom", "grass", "leaf")),
        rng.choice(((222, 84, 98), (238, 200, 84), (236, 232, 226), (170, 120, 190))),
    )
    for _ in range(rng.randrange(3, 7)):
        x, height = rng.uniform(-1, 1) * (spread + 0.35), rng.uniform(0.35, 0.75)
        stem = np.array([(x * t**1.4, top + 0.05 - height * t) for t in np.linspace(0, 1, 12)])
        pen.line(stem, 0.025, (92, 120, 70) if sort != "grass" else (176, 150, 104))
        end = stem[-1]
        if sort == "bloom":
            for a in range(0, 360, 60):
                pen.fill(moved(oval(0.075, 0, 0.075, 0.05), end[0], end[1], a), Paint(tone, "ball", gloss=0))
            pen.fill(oval(end[0], end[1], 0.045, 0.045), (240, 206, 96))
        elif sort == "grass":
            pen.fill(moved(oval(0, -0.1, 0.05, 0.2), end[0], end[1], x * 40), Paint((206, 180, 136), "fold"))
        for k in (4, 7, 10) if sort == "leaf" else (6,):
            for turn in (-50, 50):
                leaf = moved(oval(0, -0.09, 0.04, 0.1), stem[k][0], stem[k][1], turn)
                pen.fill(leaf, Paint((84, 128, 84), "ball", gloss=0) if sort != "grass" else (190, 164, 118))


def vase(pen: Pen, sub_type: str, paint: Paint, rng: Random) -> None:
    """Vases of five outlines, half of them with something in."""
    top = -0.55 if sub_type != "bud" else -0.1
    neck = {"bottle": 0.13, "amphora": 0.24, "cylinder": 0.4, "bud": 0.12, "jug": 0.3}[sub_type] * rng.uniform(0.9, 1.2)
    if rng.random() < 0.55:
        flowers(pen, top, neck, rng)
    profile = {
        "bottle": [(top, neck * 1.15), (-0.45, neck), (0.0, neck * 1.2), (0.4, 0.48), (0.75, 0.5), (0.92, 0.36)],
        "amphora": [(top, neck * 1.35), (-0.42, neck), (-0.15, 0.52), (0.15, 0.58), (0.6, 0.36), (0.92, 0.26)],
        "cylinder": [(top, neck), (0.2, neck * rng.uniform(0.85, 1.0)), (0.92, neck)],
        "bud": [(top, neck * 1.4), (0.08, neck), (0.45, 0.5), (0.7, 0.5), (0.92, 0.3)],
        "jug": [(top, neck * 1.25), (-0.25, neck), (0.3, 0.5), (0.65, 0.48), (0.92, 0.36)],
    }[sub_type]
    if sub_type == "jug":
        pen.tube(oval(rng.choice((-1, 1)) * 0.38, -0.06, 0.3, 0.4), 0.1, paint.colour)
    if sub_type == "amphora" and rng.random() < 0.6:
        for side in (-1, 1):
            pen.tube(oval(side * 0.36, -0.28, 0.17, 0.2), 0.06, paint.colour)
    pen.fill(turned(profile), paint)
    width = profile[0][1]
    pen.fill(oval(0, top, width, width * 0.2 + 0.02), shade(paint.colour, 1.3))
    pen.fill(oval(0, top + 0.005, width * 0.84, width * 0.15 + 0.01), shade(paint.colour, 0.4))


def backpack(pen: Pen, sub_type: str, paint: Paint, rng: Random) -> None:
    """Backpacks from the front, their straps showing at the sides."""
    trim, soft = shade(paint.colour, 0.55), replace(paint, form="fold")
    half = rng.uniform(0.56, 0.64)
    for side in (-1, 1):
        pen.line(
            oval(side * (half - 0.04), 0.1, 0.2, 0.66, -100 if side > 0 else 80, 100 if side > 0 else 280), 0.1, trim
        )
    pen.line(oval(0, -0.84 if sub_type != "rolltop" else -0.8, 0.16, 0.14, 180, 360), 0.06, trim)
    if sub_type == "convertible":
        pen.line(oval(0, -0.5, 0.3, 0.48, 180, 360), 0.05, trim)
        pen.fill(path((-0.55, -0.52), (0.55, -0.52), (0.7, 0.96), (-0.7, 0.96)), soft)
        pen.line(path((-0.55, -0.46), (0.55, -0.46)), 0.03, trim)
        pen.fill(box(-0.42, 0.15, 0.42, 0.8, 0.06), soft.plain(shade(paint.colour, 0.86)))
        return
    if sub_type == "rolltop":
        pen.fill(box(-half, -0.62, half, 0.97, 0.1), soft)
        pen.fill(box(-half * 0.96, -0.84, half * 0.96, -0.52, 0.14), soft.plain(shade(paint.colour, 0.8)))
        pen.line(path((0, -0.55), (0, 0.2)), 0.08, trim)
        pen.fill(box(-0.09, 0.1, 0.09, 0.28, 0.02), Paint(STEEL))
    elif sub_type == "hiking":
        pen.fill(box(-half, -0.66, half, 0.9, 0.22), soft)
        pen.fill(box(-half * 0.9, -0.97, half * 0.9, -0.46, 0.2), soft.plain(shade(paint.colour, 0.82)))
        pen.fill(
            box(-half * 1.15, 0.78, half * 1.15, 1.04, 0.13), Paint(rng.choice(((170, 92, 52), (86, 96, 84))), "fold")
        )
        for x in (-half * 0.5, half * 0.5):
            pen.line(path((x, -0.6), (x, 1.0)), 0.05, trim)
            pen.fill(box(x - 0.06, -0.36, x + 0.06, -0.24, 0.02), DARK)
    else:
        pen.fill(box(-half, -0.88, half, 0.97, 0.42), soft)
        pen.line(np.vstack([oval(0, -0.24, half * 0.8, 0.5, 180, 360)]), 0.025, trim)
        pen.fill(box(0.1, -0.7, 0.15, -0.58, 0.02), STEEL)
    for side in (-1, 1):
        pocket = sorted((side * half * 0.92, side * (half + 0.12)))
        pen.fill(box(pocket[0], 0.3, pocket[1], 0.92, 0.06), Paint(shade(paint.colour, 0.7), "fold"))
    tone = paint.accent if sub_type == "school" else shade(paint.colour, 0.88)
    pen.fill(box(-half * 0.74, 0.16, half * 0.74, 0.86, 0.14), Paint(tone, "fold", seed=paint.seed))
    pen.line(path((-half * 0.62, 0.28), (half * 0.62, 0.28)), 0.03, trim)
    pen.fill(box(half * 0.3, 0.28, half * 0.38, 0.42, 0.02), STEEL)
    pen.fill(box(-0.13, -0.2, 0.13, -0.06, 0.02), rng.choice((trim, paint.accent, WOOD)))


def handbag(pen: Pen, sub_type: str, paint: Paint, rng: Random) -> None:
    """Handbags with their handles up or their straps hanging."""
    trim, metal, soft = shade(paint.colour, 0.6), rng.choice((GOLD, STEEL)), replace(paint, form="fold")
    seam = shade(paint.colour, 0.7)
    if sub_type == "tote":
        for dx, tone in ((0.05, shade(trim, 0.8)), (0, trim)):
            pen.line(oval(dx, -0.18, 0.36, 0.72, 180, 360), 0.06, tone)
        pen.fill(path((-0.82, -0.22), (0.82, -0.22), (0.7, 0.96), (-0.7, 0.96)), soft)
        pen.line(path((-0.8, -0.15), (0.8, -0.15)), 0.02, seam)
        for x in (-0.36, 0.36):
            pen.fill(oval(x, -0.1, 0.05, 0.05), metal)
    elif sub_type == "satchel":
        pen.line(oval(0, -0.3, 0.34, 0.42, 180, 360), 0.09, trim)
        pen.fill(box(-0.88, -0.36, 0.88, 0.92, 0.14), soft)
        pen.fill(
            np.vstack([path((-0.9, -0.38), (0.9, -0.38)), oval(0, -0.05, 0.9, 0.48, 0, 180)]),
            soft.plain(shade(paint.colour, 0.88)),
        )
        for x in (-0.45, 0.45):
            pen.line(path((x, -0.3), (x, 0.5)), 0.09, trim)
            pen.fill(box(x - 0.08, 0.3, x + 0.08, 0.46, 0.02), metal)
    elif sub_type == "clutch":
        pen.line(np.vstack([oval(0.92, 0.3, 0.2, 0.36, -90, 120)]), 0.035, metal)
        pen.fill(box(-1.0, -0.1, 1.0, 0.92, 0.07), soft)
        pen.fill(path((-1.0, -0.1), (1.0, -0.1), (0.08, 0.5), (-0.08, 0.5)), soft.plain(shade(paint.colour, 0.84)))
        pen.fill(oval(0, 0.44, 0.08, 0.08), Paint(metal, "ball", gloss=0.5))
    elif sub_type == "crossbody":
        for k in np.linspace(0, 1, 34):
            a = np.pi * (1 + k)
            pen.line(oval(0.72 * cos(a), 0.05 + 1.05 * sin(a), 0.035, 0.04), 0.022, metal, closed=True)
        pen.fill(box(-0.76, 0.0, 0.76, 0.94, 0.2), soft)
        pen.fill(box(-0.78, -0.02, 0.78, 0.5, 0.2), soft.plain(shade(paint.colour, 0.86)))
        pen.fill(box(-0.12, 0.4, 0.12, 0.58, 0.04), Paint(metal))
    elif sub_type == "bucket":
        pen.line(oval(0, -0.36, 0.46, 0.62, 180, 360), 0.07, trim)
        pen.fill(turned([(-0.42, 0.5), (-0.2, 0.5), (0.3, 0.62), (0.84, 0.66), (0.9, 0.62)]), soft)
        pen.fill(oval(0, -0.42, 0.5, 0.1), shade(paint.colour, 0.45))
        pen.line(path((-0.52, -0.2), (0.52, -0.2)), 0.04, trim)
        for x in (-0.1, 0.1):
            pen.line(path((0, -0.2), (x, 0.25)), 0.035, trim)
            pen.fill(oval(x, 0.28, 0.05, 0.08), metal)
    else:
        for side in (-1, 1):
            pen.line(oval(side * 0.52, 0.2, 0.2, 0.6, -90 if side > 0 else 90, 90 if side > 0 else 270), 0.06, trim)
        pen.line(oval(0, -0.46, 0.15, 0.2, 180, 360), 0.06, trim)
        pen.fill(box(-0.6, -0.5, 0.6, 0.94, 0.34), soft)
        flap = np.vstack([path((-0.6, -0.2), (-0.5, -0.5), (0.5, -0.5), (0.6, -0.2)), oval(0, -0.2, 0.6, 0.45, 0, 180)])
        pen.fill(flap, soft.plain(shade(paint.colour, 0.86)))
        pen.fill(box(-0.08, 0.14, 0.08, 0.34, 0.03), Paint(metal))


def lamp(pen: Pen, sub_type: str, paint: Paint, rng: Random) -> None:
    """Lamps, lit or not."""
    lit = rng.random() < 0.65
    linen = rng.choice(((238, 228, 204), (244, 240, 230), paint.accent, (226, 206, 170)))
    cover = Paint(linen, "glow", gloss=0.32 if lit else 0.0, pattern=rng.choice(("plain", "plain", "weave", "stripes")),
                  accent=shade(linen, 0.9), seed=paint.seed)  # fmt: skip
    base, metal = paint.plain(), rng.choice((GOLD, STEEL, DARK))
    if sub_type == "desk":
        pen.fill(oval(0.1, 0.92, 0.5, 0.1), Paint(shade(paint.colour, 0.8), gloss=0))
        elbow, head = (rng.uniform(0.35, 0.6), rng.uniform(-0.1, 0.1)), (-0.2, -0.62)
        pen.tube(path((0.1, 0.9), elbow), 0.07, metal)
        pen.tube(path(elbow, head), 0.07, metal)
        pen.fill(oval(*elbow, 0.07, 0.07), DARK)
        if lit:
            pen.fill(moved(oval(0, 0.34, 0.34, 0.12), *head, 40), (255, 244, 200))
        pen.fill(
            moved(path((-0.14, -0.14), (0.14, -0.14), (0.4, 0.36), (-0.4, 0.36)), *head, 40),
            replace(base, form="round"),
        )
    elif sub_type == "floor":
        if rng.random() < 0.5:
            for x in (-0.42, 0.02, 0.42):
                pen.tube(path((0, -0.4), (x, 0.97 if x else 0.9)), 0.05, rng.choice((WOOD, metal)))
        else:
            pen.tube(path((0, -0.4), (0, 0.92)), 0.045, metal)
            pen.fill(oval(0, 0.93, 0.3, 0.06), shade(metal, 0.8))
        pen.fill(path((-0.28, -0.98), (0.28, -0.98), (0.4, -0.36), (-0.4, -0.36)), cover)
    elif sub_type == "mushroom":
        pen.fill(turned([(-0.1, 0.14), (0.4, 0.16), (0.8, 0.4), (0.92, 0.42)]), replace(base, form="round"))
        dome = np.vstack([oval(0, -0.05, 0.78, 0.7, 180, 360), oval(0, -0.05, 0.78, 0.14, 0, 180)])
        pen.fill(dome, Paint(shade(paint.colour, 1.3), "glow" if lit else "ball", gloss=0.4))
    elif sub_type == "sunrise":
        pen.fill(box(-0.34, 0.8, 0.34, 0.98, 0.06), Paint((222, 222, 220), "round"))
        pen.fill(oval(0, 0.06, 0.8, 0.8), Paint((236, 236, 232), "ball"))
        pen.fill(oval(0, 0.06, 0.64, 0.64), Paint((255, 206, 130) if lit else (240, 232, 214), "glow", gloss=0.4 * lit))
        figures(pen, clock_text(rng), 0, 0.2, 0.18, (60, 56, 52))
    else:
        low = rng.uniform(-0.05, 0.08)
        pen.tube(path((0, low - 0.2), (0, 0.6)), 0.06, metal)
        if sub_type == "gourd":
            pen.fill(turned([(low + 0.05, 0.1), (0.3, 0.32), (0.42, 0.22), (0.7, 0.46), (0.94, 0.26)]), paint)
        elif rng.random() < 0.5:
            pen.fill(turned([(low + 0.1, 0.08), (0.4, 0.3), (0.7, 0.36), (0.94, 0.22)]), replace(base, form="round"))
        else:
            pen.fill(box(-0.07, low, 0.07, 0.9, 0.02), Paint(WOOD, "round"))
            pen.fill(turned([(0.86, 0.34), (0.94, 0.36)]), replace(base, form="round"))
        wide, slim = rng.uniform(0.6, 0.72), rng.uniform(0.3, 0.6)
        pen.fill(path((-slim, -0.92), (slim, -0.92), (wide, low), (-wide, low)), cover)
        pen.line(path((-wide, low), (wide, low)), 0.02, shade(linen, 0.8))


DRAWERS: dict[str, Callable[[Pen, str, Paint, Random], None]] = {
    "Watches": watch,
    "Clocks": clock,
    "Mugs": mug,
    "Vases": vase,
    "Backpacks": backpack,
    "Handbags": handbag,
    "Lamps": lamp,
}
