"""The colours and symbols of every plot, in light and in dark. A category has the same look on every page.

Plots are drawn in the light colours. `css` declares each as a variable, and maps what a plot has drawn in a light
colour to the dark one, so that a change of the theme draws nothing again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

# Chosen by measure: of colours near those of Okabe & Ito ("Color universal design", 2008) that have a contrast of 3:1
# on their ground, those whose least distance (CIE76) is the largest as people see them who lack one kind of cones.
HUES = ("#007ACC", "#AD8B00", "#29A366", "#943866", "#009CAD", "#A33100", "#3529A3", "#493F27")
DARK_HUES = ("#5CA9E6", "#D3C332", "#9AD5AD", "#C13B91", "#8BCCDC", "#AA6C20", "#6D69E6", "#868262")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross")
"""From the ninth category on the hues return with another symbol: 8 x 5 = 40 distinct looks."""
CONTEXT = "#89929C"
RIGHT, WRONG = HUES[0], HUES[5]
INK, FAINT, LINE = "#1F2933", "#55606C", "#E3E7EC"
SURFACE = {"light": "#FFFFFF", "dark": "#18212B"}
"""The ground of plots."""
DARK = {
    **dict(zip(HUES, DARK_HUES, strict=True)),
    CONTEXT: "#6B7682", INK: "#E4E9EE", FAINT: "#A3AEBA", LINE: "#2E3944",
}  # fmt: skip
"""The dark colour for each light one."""
NAMES = {
    **{hue: f"hue-{i}" for i, hue in enumerate(HUES)},
    CONTEXT: "context", INK: "ink", FAINT: "faint", LINE: "line",
}  # fmt: skip
"""The CSS variable that holds each colour."""
FONT = "Inter, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif"
BLUES = tuple((part, f"rgba(74,144,196,{0.75 * part:g})") for part in (0.0, 0.3, 0.7, 1.0))
"""The fractions of a heat map: light enough for dark text on a light ground, and dark enough for light text."""


@dataclass(frozen=True)
class Look:
    """How a group of points is drawn."""

    colour: str
    symbol: str = "circle"


def looks(categories: Sequence[str]) -> dict[str, Look]:
    """The look of each category, by its place in the alphabet of all categories of the catalogue."""
    made = {}
    for i, category in enumerate(sorted(categories)):
        made[category] = Look(HUES[i % len(HUES)], SYMBOLS[(i // len(HUES)) % len(SYMBOLS)])
    return made


def variable(colour: str) -> str:
    """The CSS of one of the light colours, such as 'var(--hue-0)', which is the dark one in the dark."""
    return f"var(--{NAMES[colour]})"


def css() -> str:
    """The style sheet of the colours: the variables of both themes, and the plots in the dark."""
    light = "".join(f"--{name}:{colour};" for colour, name in NAMES.items())
    dark = "".join(f"--{NAMES[colour]}:{shade};" for colour, shade in DARK.items())
    rules = [f":root{{{light}}}", f"[data-bs-theme=dark]{{{dark}}}"]
    for colour, name in NAMES.items():
        drawn = "rgb({}, {}, {})".format(*(int(colour[i : i + 2], 16) for i in (1, 3, 5)))
        rules += [
            f'[data-bs-theme=dark] .js-plotly-plot [style*="{part}: {drawn}"]{{{part}:var(--{name})!important}}'
            for part in ("fill", "stroke")
        ]
    return "\n".join(rules)
