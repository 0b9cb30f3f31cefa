"""Misplaced products, those in a group that another category or none is matched to: how many, and where most are."""

from collections import Counter
from collections.abc import Sequence

from store.questions.groups import Cell, Cluster

MOST = 30
"""Categories, and groups, of a confusion table at most: of more, neither names nor cells can be read in a window."""


def by_category(cells: Sequence[Cell]) -> Counter[str]:
    """The misplaced products of each category that has any."""
    counts: Counter[str] = Counter()
    for cell in cells:
        if cell.category != cell.matched_category:
            counts[cell.category] += cell.products
    return counts


def by_group(cells: Sequence[Cell]) -> Counter[int]:
    """The misplaced products in each group that has any."""
    counts: Counter[int] = Counter()
    for cell in cells:
        if cell.category != cell.matched_category:
            counts[cell.cluster] += cell.products
    return counts


def most(
    cells: Sequence[Cell], found: Sequence[Cluster], categories: Sequence[str]
) -> tuple[list[Cluster], list[str], str]:
    """The groups and categories of a confusion table, each at most `MOST`, and a sentence on what is left out, or ''.

    The categories are those with most misplaced products, the groups those that most of these products are in; then
    come the groups that these categories are matched to. The groups are ordered by matched category, the unmatched
    last, so that the matches are the diagonal.
    """
    misplaced = by_category(cells)
    rows = sorted(sorted(categories, key=lambda c: (-misplaced[c], c))[:MOST])
    among = set(rows)
    held = by_group([cell for cell in cells if cell.category in among])
    columns = sorted(found, key=lambda c: (-held[c.cluster], c.matched_category not in among, c.cluster))[:MOST]
    columns.sort(key=lambda c: (c.matched_category is None, c.matched_category or "", c.cluster))
    left_out = []
    if len(rows) < len(categories):
        left_out.append(f"{len(rows)} of {len(categories):,} categories, those with most products in another's group")
    if len(columns) < len(found):
        left_out.append(f"{len(columns)} of {len(found):,} groups, those that hold most of these products")
    return columns, rows, "; ".join(left_out) + ". " if left_out else ""
