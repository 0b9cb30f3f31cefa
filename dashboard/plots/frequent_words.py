"""The most frequent words of the texts."""

from dashboard import words
from dashboard.plots.axes import AXIS, PLAIN, short
from dashboard.plots.figure import Figure
from dashboard.plots.text_lengths import STAGES
from store.questions.texts import Vocabulary


def frequent_words(found: Vocabulary, stage: str) -> Figure:
    """A bar for each word, the most frequent on top: the texts with it, in percent."""
    figure = Figure(height=70 + 22 * len(found.frequent))
    name, colour = STAGES[stage]
    figure.add(
        "bar",
        x=[100 * word.count / found.counted for word in found.frequent],
        y=list(range(len(found.frequent))),
        orientation="h",
        name=name,
        marker={"color": colour},
        customdata=[[words.inert(word.name), word.count] for word in found.frequent],
        hovertemplate="%{customdata[0]}: in %{customdata[1]:,} texts, %{x:.0f}\N{NO-BREAK SPACE}%<extra></extra>",
    )
    figure.x_axes(ticksuffix="\N{NO-BREAK SPACE}%", range=[0, 102], side="top", **AXIS)
    figure.y_axes(
        tickvals=list(range(len(found.frequent))),
        ticktext=[words.inert(short(word.name, 20)) for word in found.frequent],
        autorange="reversed",
        ticklabelstandoff=8,
        **PLAIN,
    )
    return figure
