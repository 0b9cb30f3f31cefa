"""A pen for the sample's images: outlines, paints with light and pattern, and one affine frame per thing.

A thing is drawn in its own coordinates: x from -1 (left) to 1, y from -1 (top) to 1 (where it stands). All is
painted at three times the image's size and averaged down, which makes the edges smooth.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import cos, radians, sin
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Colour = tuple[int, int, int]
Outline = NDArray[np.float64]
"""(n, 2) points x, y in the thing's coordinates."""
OVERSAMPLING = 3
DARK: Colour = (38, 36, 38)
STEEL: Colour = (188, 192, 198)
GOLD: Colour = (206, 168, 92)
WOOD: Colour = (150, 102, 62)


def shade(colour: Colour, factor: float) -> Colour:
    """Darker (below 1) or lighter (above 1, towards white)."""
    r, g, b = (c * factor if factor <= 1 else 255 - (255 - c) / factor for c in colour)
    return int(r), int(g), int(b)


def path(*points: tuple[float, float]) -> Outline:
    """An outline through these points."""
    return np.array(points, float)


def oval(x: float, y: float, rx: float, ry: float, start: float = 0, end: float = 360) -> Outline:
    """An ellipse or, with `start` and `end` in degrees clockwise from the right, an arc of it."""
    angle = np.radians(np.linspace(start, end, 64))
    return np.column_stack([x + rx * np.cos(angle), y + ry * np.sin(angle)])


def box(left: float, top: float, right: float, bottom: float, radius: float = 0.0) -> Outline:
    """A rectangle with rounded corners."""
    if not radius:
        return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], float)
    r = min(radius, (right - left) / 2, (bottom - top) / 2)
    corners = (
        (right - r, bottom - r, 0),
        (left + r, bottom - r, 90),
        (left + r, top + r, 180),
        (right - r, top + r, 270),
    )
    return np.vstack([oval(x, y, r, r, a, a + 90) for x, y, a in corners])


def turned(profile: Sequence[tuple[float, float]]) -> Outline:
    """The outline of a pot turned on a wheel: smooth through (y, half width), from the top down."""
    from scipy.interpolate import PchipInterpolator

    y, half = np.array(profile, float).T
    fine = np.linspace(y[0], y[-1], 60)
    width = PchipInterpolator(y, half)(fine)
    bottom = oval(0, y[-1], width[-1], width[-1] * 0.16, 0, 180)
    return np.vstack([np.column_stack([-width, fine]), bottom[::-1], np.column_stack([width, fine])[::-1]])


def moved(outline: Outline, x: float = 0, y: float = 0, turn: float = 0) -> Outline:
    """The outline turned by degrees clockwise about the origin, then moved."""
    c, s = cos(radians(turn)), sin(radians(turn))
    return np.asarray(outline @ np.array([[c, s], [-s, c]]) + (x, y))


@dataclass(frozen=True)
class Paint:
    """What a surface is made of: `form` says how light falls on it, `pattern` what is printed in `accent`."""

    colour: Colour
    form: str = "flat"  # flat, round (a cylinder), ball, fold (soft goods), glow
    pattern: str = "plain"  # plain, stripes, bands, dots, checks, speckle, chevron, dipped, weave, quilt
    accent: Colour = (240, 236, 228)
    gloss: float = 0.25
    seed: int = 0

    def plain(self, colour: Colour | None = None) -> "Paint":
        """The same without its pattern, perhaps in another colour."""
        return replace(self, pattern="plain", colour=colour or self.colour)

    def surface(self, u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.float64]:
        """RGB of 0 to 255, shape (h, w, 3), at u, v: 0 to 1 across and down the painted outline's own box."""
        chance = np.random.default_rng(self.seed)
        noise = chance.standard_normal(u.shape)
        ink = np.clip(self.printed(u, v, noise, chance), 0, 1)[..., None]
        rgb = np.array(self.colour) * (1 - ink) + np.array(self.accent) * ink
        light, shine = self.light(u, v)
        rgb = rgb * light[..., None] + 255 * self.gloss * shine[..., None]
        grain = {"weave": 7.0, "quilt": 5.0, "speckle": 4.0}.get(self.pattern, 4.0 if self.form == "fold" else 1.2)
        return np.clip(rgb + grain * noise[..., None], 0, 255)

    def printed(
        self, u: NDArray[np.float64], v: NDArray[np.float64], noise: NDArray[np.float64], chance: np.random.Generator
    ) -> NDArray[np.float64]:
        """How much of the accent shows, 0 to 1."""
        n = int(chance.integers(4, 8))
        across, down = np.sin(2 * np.pi * n * u), np.sin(2 * np.pi * n * v)
        ink: NDArray[Any] = np.zeros_like(u)
        match self.pattern:
            case "stripes":
                ink = across > 0.1
            case "bands":
                ink = down > 0.35
            case "checks":
                ink = 0.5 * (across > 0) + 0.5 * (down > 0)
            case "dots":
                ink = ((u * n + 0.5 * (np.floor(v * n) % 2)) % 1 - 0.5) ** 2 + ((v * n) % 1 - 0.5) ** 2 < 0.07
            case "speckle":
                ink = 0.8 * (noise > 2.0)
            case "chevron":
                ink = np.sin(2 * np.pi * (n * v + 2 * np.abs((u * n / 2) % 1 - 0.5))) > 0.2
            case "dipped":
                ink = v > 0.62 + 0.03 * np.sin(9 * u)
            case "weave":
                ink = 0.22 * (np.sin(150 * u) * np.sin(150 * v) > 0)
            case "quilt":
                ink = 0.3 * (np.maximum(np.abs((n * (u + v)) % 1 - 0.5), np.abs((n * (u - v)) % 1 - 0.5)) > 0.44)
        return ink.astype(np.float64)

    def light(self, u: NDArray[np.float64], v: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Diffuse light and highlight, from the upper left."""
        none = np.zeros_like(u)
        match self.form:
            case "round":
                return 1.08 - 0.75 * np.abs(u - 0.36) ** 1.6 - 0.06 * v, np.exp(-(((u - 0.22) / 0.05) ** 2)) * (
                    v < 0.93
                )
            case "ball":
                away = (u - 0.36) ** 2 + (v - 0.3) ** 2
                return 1.1 - 0.95 * away, np.exp(-away / 0.012)
            case "fold":
                return 1.06 - 0.5 * (u - 0.42) ** 2 - 0.16 * v + 0.035 * np.sin(11 * u + 5 * v), none
            case "glow":
                return 1.02 - 0.35 * np.abs(u - 0.5) ** 2, 1.1 * np.exp(-((u - 0.5) ** 2 + (v - 0.62) ** 2) / 0.09)
        return 1.03 - 0.08 * v - 0.04 * u, none


class Pen:
    """Draws a thing on a transparent sheet of `width` x `height` px, in its own coordinates.

    `centre` and `size` (half the thing's height) are px of the finished image; `turn` is in degrees clockwise and
    `stretch` widens the thing.
    """

    def __init__(
        self, width: int, height: int, centre: tuple[float, float], size: float, turn: float = 0, stretch: float = 1
    ) -> None:
        self.sheet = Image.new("RGBA", (width * OVERSAMPLING, height * OVERSAMPLING))
        self.ink = ImageDraw.Draw(self.sheet)
        self.scale = size * OVERSAMPLING
        c, s = cos(radians(turn)) * self.scale, sin(radians(turn)) * self.scale
        self.matrix = np.array([[c * stretch, s * stretch], [-s, c]])
        self.origin = np.array(centre) * OVERSAMPLING

    def place(self, outline: Outline) -> Outline:
        """From the thing's coordinates to px of the large sheet."""
        return np.asarray(outline @ self.matrix + self.origin)

    def fill(self, outline: Outline, paint: Paint | Colour) -> None:
        """Paint the inside of an outline; a bare colour is flat."""
        points = self.place(outline)
        if not isinstance(paint, Paint):
            self.ink.polygon([tuple(p) for p in points], fill=(*paint, 255))
            return
        low = np.maximum(np.floor(points.min(0)), 0).astype(int)
        high = np.minimum(np.ceil(points.max(0)) + 1, self.sheet.size).astype(int)
        if (high - low < 2).any():
            return
        width, height = (int(n) for n in high - low)
        mask = Image.new("L", (width, height))
        ImageDraw.Draw(mask).polygon([tuple(p) for p in points - low], fill=255)
        across, down = max(width // OVERSAMPLING, 2), max(height // OVERSAMPLING, 2)
        grid = np.stack(np.meshgrid(np.linspace(low[0], high[0], across), np.linspace(low[1], high[1], down)), -1)
        own = (grid - self.origin) @ np.linalg.inv(self.matrix)
        u, v = np.moveaxis((own - outline.min(0)) / np.maximum(np.ptp(outline, axis=0), 1e-6), -1, 0)
        surface = Image.fromarray(paint.surface(u, v).astype(np.uint8)).resize(
            (width, height), Image.Resampling.BILINEAR
        )
        self.sheet.paste(surface, (int(low[0]), int(low[1])), mask)

    def line(self, outline: Outline, width: float, colour: Colour, closed: bool = False) -> None:
        """A round-ended line along points, `width` in the thing's units."""
        points = [tuple(p) for p in self.place(np.vstack([outline, outline[:1]]) if closed else outline)]
        px = max(round(width * self.scale), 1)
        self.ink.line(points, fill=(*colour, 255), width=px, joint="curve")
        for x, y in (points[0], points[-1]):
            self.ink.ellipse((x - px / 2, y - px / 2, x + px / 2, y + px / 2), fill=(*colour, 255))

    def tube(self, outline: Outline, width: float, colour: Colour) -> None:
        """A line that looks round: a dark edge, the body, a lighter streak."""
        self.line(outline, width, shade(colour, 0.72))
        self.line(outline, width * 0.7, colour)
        self.line(outline - (width * 0.1, width * 0.1), width * 0.18, shade(colour, 1.35))

    def finished(self) -> Image.Image:
        """The sheet averaged down to the image's size."""
        return self.sheet.reduce(OVERSAMPLING)
