"""Labels never choose: below `judging` no code names the categories, but for what reads them from the catalogue."""

import ast
from pathlib import Path

import pytest

INGESTION = Path(__file__).parent.parent / "ingestion"
READS_THEM = ("catalogue.py", "rows.py", "columns.py", "survey.py", "look.py", "usual_names.py")
"""What finds the catalogue's column of categories, shows it, and writes the column `category` of `products`."""


def strings(path: Path) -> set[str]:
    """The string literals of a file that are no docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose
    }


@pytest.mark.parametrize("stage", ["grouping", "features", "duplicates", "reading"])
def test_no_code_below_judging_reads_a_category(stage: str) -> None:
    files = [path for path in sorted((INGESTION / stage).rglob("*.py")) if path.name not in READS_THEM]
    assert files
    naming = {path.name for path in files if "category" in strings(path)}
    assert naming == ({"texts.py"} if stage == "reading" else set())  # which refuses it as a part of the text


def test_the_sample_of_a_study_is_drawn_without_reading_a_category() -> None:
    assert "category" not in strings(INGESTION / "study_sample.py")
