"""Watches and clocks of the sample's images, with their dials and seven-segment figures."""

from dataclasses import replace
from math import cos, radians, sin
from random import Random

import numpy as np

from ingestion.sample.pen import DARK, GOLD, STEEL, WOOD, Colour, Paint, Pen, box, moved, oval, path, shade

GLASS: Colour = (24, 28, 34)
SEGMENTS = {"0": "abcdef", "1": "bc", "2": "abged", "3": "abgcd", "4": "fgbc", "5": "afgcd", "6": "afgecd", "7": "abc",
            "8": "abcdefg", "9": "abfgcd"}  # fmt: skip
STROKES = {"a": (0, 0, 1, 0), "b": (1, 0, 1, 1), "c": (1, 1, 1, 2), "d": (0, 2, 1, 2), "e": (0, 1, 0, 2),
           "f": (0, 0, 0, 1), "g": (0, 1, 1, 1)}  # fmt: skip


def face(pen: Pen, rng: Random, x: float, y: float, r: float, dial: Colour, numerals: bool) -> None:
    """A dial with minute strokes, figures or batons, and two or three hands."""
    ink = DARK if sum(dial) > 330 else (238, 236, 230)
    pen.fill(oval(x, y, r, r), Paint(dial, gloss=0))
    for hour in range(12):
        a = radians(hour * 30)
        out, across = np.array([sin(a), -cos(a)]), np.array([cos(a), sin(a)])
        if numerals:
            at = np.array([x, y]) + out * r * 0.78
            for k in range(1 + (hour % 3 == 0)):  # strokes that read as figures at this size
                shift = across * r * 0.07 * (k - 0.5 * (hour % 3 == 0)) * 2
                pen.line(np.array([at - out * r * 0.08 + shift, at + out * r * 0.08 + shift]), r * 0.05, ink)
        else:
            pen.line(
                np.array([[x, y] + out * r * 0.72, [x, y] + out * r * 0.88]), r * (0.07 if hour % 3 == 0 else 0.04), ink
            )
    for minute in range(0, 360, 6):
        a = radians(minute)
        pen.line(
            path((x + sin(a) * r * 0.93, y - cos(a) * r * 0.93), (x + sin(a) * r * 0.96, y - cos(a) * r * 0.96)),
            r * 0.012,
            ink,
        )
    hours, minutes = rng.uniform(0, 360), rng.uniform(0, 360)
    for angle, length, width in ((hours, 0.48, 0.085), (minutes, 0.74, 0.06)):
        a = radians(angle)
        pen.line(
            path((x - sin(a) * r * 0.12, y + cos(a) * r * 0.12), (x + sin(a) * r * length, y - cos(a) * r * length)),
            r * width,
            ink,
        )
    if rng.random() < 0.6:
        a = radians(rng.uniform(0, 360))
        pen.line(
            path((x - sin(a) * r * 0.2, y + cos(a) * r * 0.2), (x + sin(a) * r * 0.84, y - cos(a) * r * 0.84)),
            r * 0.02,
            (196, 44, 40),
        )
    pen.fill(oval(x, y, r * 0.06, r * 0.06), ink)


def figures(pen: Pen, text: str, x: float, y: float, height: float, colour: Colour) -> None:
    """Seven-segment figures, centred at x, y."""
    w, step = height * 0.42, height * 0.66
    left = x - step * len(text) / 2 + (step - w) / 2
    for k, sign in enumerate(text):
        x0, y0 = left + k * step, y - height / 2
        if sign == ":":
            for dy in (0.3, 0.7):
                pen.fill(oval(x0 + w / 2, y0 + height * dy, height * 0.055, height * 0.055), colour)
        for s in SEGMENTS.get(sign, ""):
            ax, ay, bx, by = STROKES[s]
            pen.line(
                path((x0 + ax * w, y0 + ay * height / 2), (x0 + bx * w, y0 + by * height / 2)), height * 0.11, colour
            )


def clock_text(rng: Random) -> str:
    """A time of day."""
    return f"{rng.randrange(10, 24)}:{rng.randrange(60):02d}"


def watch(pen: Pen, sub_type: str, paint: Paint, rng: Random) -> None:
    """Wrist watches from the front, and a pocket watch on its chain."""
    metal = rng.choice((STEEL, GOLD, STEEL, (70, 72, 78)))
    dial = rng.choice(((242, 240, 234), paint.colour, (30, 32, 38), (36, 50, 84)))
    if sub_type == "pocket":
        pocket_watch(pen, metal, rng)
        return
    strap(
        pen,
        paint,
        rng.uniform(0.22, 0.29),
        metal if sub_type in ("analogue", "chronograph") and rng.random() < 0.4 else None,
    )
    if sub_type == "smart":
        smart_watch(pen, metal, rng)
    elif sub_type == "digital":
        digital_watch(pen, paint, metal, rng)
    else:
        round_watch(pen, sub_type == "chronograph", metal, dial, rng)


def pocket_watch(pen: Pen, metal: Colour, rng: Random) -> None:
    """A watch on a chain, with a stem at the top."""
    chain = np.column_stack([np.linspace(0, 0.75, 40), -0.66 - 0.3 * np.sin(np.linspace(0, 2.6, 40))])
    for point in chain[::2]:
        pen.line(oval(point[0], point[1], 0.045, 0.03), 0.022, shade(metal, 0.85), closed=True)
    pen.fill(box(-0.07, -0.66, 0.07, -0.45, 0.03), Paint(metal, "round"))
    pen.line(oval(0, -0.68, 0.11, 0.1), 0.04, metal, closed=True)
    pen.fill(oval(0, 0.1, 0.62, 0.62), Paint(metal, "ball", gloss=0.4))
    face(pen, rng, 0, 0.1, 0.52, (244, 238, 222), numerals=True)


def strap(pen: Pen, paint: Paint, half: float, metal: Colour | None) -> None:
    """Both ends of a strap, stitched or, with a `metal`, of links; `half` is half its width."""
    surface = Paint(metal or paint.colour, "round", gloss=0.3 if metal else 0.08, seed=paint.seed)
    for side in (-1, 1):
        top, bottom = sorted((side * 0.4, side * 1.0))
        pen.fill(box(-half, top, half, bottom), surface)
        if metal:
            for y in np.arange(0.5, 1.0, 0.075):
                pen.line(path((-half, side * y), (half, side * y)), 0.016, shade(metal, 0.6))
            for x in (-half * 0.4, half * 0.4):
                pen.line(path((x, side * 0.46), (x, side)), 0.012, shade(metal, 0.65))
        else:
            for x in (-half * 0.82, half * 0.82):
                pen.line(path((x, side * 0.46), (x, side)), 0.012, shade(paint.colour, 1.5))
            for y in np.arange(0.62, 0.98, 0.09) if side > 0 else ():
                pen.fill(oval(0, y, 0.025, 0.02), shade(paint.colour, 0.45))


def smart_watch(pen: Pen, metal: Colour, rng: Random) -> None:
    """A glass square with the time and three rings of exercise."""
    pen.fill(box(0.38, -0.1, 0.47, 0.1, 0.03), Paint(metal, gloss=0))
    pen.fill(box(-0.4, -0.46, 0.4, 0.46, 0.16), Paint((46, 48, 54), "ball", gloss=0.2))
    pen.fill(box(-0.35, -0.41, 0.35, 0.41, 0.12), Paint(GLASS, gloss=0))
    figures(pen, clock_text(rng), 0, -0.14, 0.2, (240, 244, 248))
    for k, tone in enumerate(((226, 62, 84), (96, 206, 92), (70, 170, 232))):
        pen.line(oval(-0.14 + 0.14 * k, 0.19, 0.05, 0.05, -90, rng.randrange(60, 270)), 0.03, tone)


def digital_watch(pen: Pen, paint: Paint, metal: Colour, rng: Random) -> None:
    """A resin case with a liquid-crystal display and four buttons."""
    for x, y in ((-0.46, -0.25), (-0.46, 0.25), (0.46, -0.25), (0.46, 0.25)):
        pen.fill(oval(x, y, 0.05, 0.06), metal)
    pen.fill(box(-0.44, -0.42, 0.44, 0.42, 0.16), Paint(shade(paint.colour, 0.8), "ball", gloss=0.2))
    pen.fill(box(-0.33, -0.2, 0.33, 0.22, 0.05), Paint((176, 188, 164), gloss=0))
    figures(pen, clock_text(rng), 0, 0.03, 0.24, (38, 44, 38))
    pen.line(path((-0.3, -0.3), (0.3, -0.3)), 0.04, shade(metal, 0.9))


def round_watch(pen: Pen, chronograph: bool, metal: Colour, dial: Colour, rng: Random) -> None:
    """A round case with a crown; a chronograph has pushers, a bezel and small dials as well."""
    r = rng.uniform(0.4, 0.47)
    pen.fill(box(r - 0.03, -0.06, r + 0.1, 0.06, 0.02), Paint(shade(metal, 0.85), gloss=0))
    for y in (-0.24, 0.24) if chronograph else ():
        pen.fill(box(r - 0.1, y - 0.05, r + 0.06, y + 0.05, 0.02), Paint(metal, gloss=0))
    pen.fill(oval(0, 0, r, r), Paint(metal, "ball", gloss=0.5))
    if chronograph:
        pen.fill(oval(0, 0, r * 0.94, r * 0.94), shade(dial, 0.6))
        for a in range(0, 360, 30):
            pen.fill(oval(r * 0.87 * cos(radians(a)), r * 0.87 * sin(radians(a)), 0.015, 0.015), (236, 236, 230))
    face(pen, rng, 0, 0, r * (0.78 if chronograph else 0.87), dial, numerals=rng.random() < 0.25)
    for x, y in ((-0.15, 0.02), (0.15, 0.02), (0, 0.19)) if chronograph else ():
        pen.fill(oval(x, y, 0.085, 0.085), shade(dial, 0.75 if sum(dial) > 330 else 1.5))
        pen.line(path((x, y), (x + 0.04, y - 0.05)), 0.014, (200, 60, 50))


def clock(pen: Pen, sub_type: str, paint: Paint, rng: Random) -> None:
    """Clocks for walls, tables and bedsides."""
    pale = rng.choice(((246, 244, 238), (250, 246, 226), (30, 32, 36), (246, 244, 238)))
    if sub_type == "sunburst":
        for a in range(0, 360, 15):
            length = 0.98 if a % 30 == 0 else 0.78
            pen.fill(
                moved(path((-0.05, 0), (0.05, 0), (0.012, -length), (-0.012, -length)), turn=a),
                Paint(paint.colour, gloss=0),
            )
        pen.fill(oval(0, 0, 0.46, 0.46), Paint(paint.colour, "ball"))
        face(pen, rng, 0, 0, 0.38, pale, numerals=True)
    elif sub_type == "alarm":
        for side in (-1, 1):
            pen.line(path((side * 0.3, 0.6), (side * 0.48, 0.96)), 0.09, shade(STEEL, 0.8))
            pen.fill(
                moved(oval(0, 0, 0.3, 0.26, 180, 360), side * 0.4, -0.5, side * 35), Paint(STEEL, "ball", gloss=0.5)
            )
        pen.line(path((0, -0.55), (0, -0.86)), 0.05, shade(STEEL, 0.7))
        pen.fill(box(-0.08, -0.92, 0.08, -0.82, 0.03), shade(STEEL, 0.6))
        pen.fill(oval(0, 0.1, 0.72, 0.72), Paint(paint.colour, "ball"))
        face(pen, rng, 0, 0.1, 0.58, pale, numerals=True)
    elif sub_type == "pendulum":
        case = replace(paint, colour=rng.choice((WOOD, shade(WOOD, 0.65), paint.colour)), form="round", gloss=0.05)
        pen.fill(path((-0.62, -0.55), (0, -1), (0.62, -0.55)), case)
        pen.fill(box(-0.54, -0.58, 0.54, 0.94, 0.03), case)
        pen.fill(box(-0.66, 0.88, 0.66, 1.0, 0.03), case.plain(shade(case.colour, 0.8)))
        pen.fill(box(-0.36, 0.22, 0.36, 0.82, 0.04), Paint(shade(case.colour, 0.4), gloss=0))
        swing = rng.uniform(-0.16, 0.16)
        pen.line(path((0, 0.22), (swing, 0.62)), 0.03, GOLD)
        pen.fill(oval(swing, 0.64, 0.12, 0.12), Paint(GOLD, "ball", gloss=0.4))
        pen.fill(oval(0, -0.2, 0.44, 0.44), Paint(GOLD, "ball"))
        face(pen, rng, 0, -0.2, 0.38, (248, 242, 224), numerals=True)
    elif sub_type == "digital":
        glow = rng.choice(((255, 70, 60), (90, 230, 120), (120, 190, 255), (250, 250, 244)))
        pen.fill(box(-1.0, 0.05, 1.0, 0.98, 0.12), Paint(rng.choice((paint.colour, WOOD)), "fold", gloss=0))
        pen.fill(box(-0.86, 0.17, 0.86, 0.86, 0.06), Paint(GLASS, gloss=0))
        figures(pen, clock_text(rng), 0, 0.5, 0.46, glow)
        for x in (-0.4, 0, 0.4):
            pen.fill(box(x - 0.14, 0.0, x + 0.14, 0.06, 0.03), shade(paint.colour, 0.6))
    else:
        r = 0.92 if sub_type == "wall" else 0.58
        if sub_type == "strap":  # a clock in the shape of a wrist watch
            for side in (-1, 1):
                pen.fill(
                    box(-0.26, min(side * 0.4, side), 0.26, max(side * 0.4, side), 0.05), Paint(paint.colour, "round")
                )
        square = sub_type == "wall" and rng.random() < 0.25
        rim = box(-r, -r, r, r, 0.12) if square else oval(0, 0, r, r)
        pen.fill(rim, replace(paint, form="ball", gloss=0.15, pattern="plain"))
        face(pen, rng, 0, 0, r * rng.uniform(0.78, 0.9), pale, numerals=rng.random() < 0.8)
