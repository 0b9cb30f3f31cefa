"""Mutated catalogues of every format are read or refused in a sentence, and no row of theirs is lost in silence."""

import random
import time
from pathlib import Path

import pytest

from benchmarks import mutants
from ingestion.reading import catalogue
from ingestion.reading.catalogue import Catalogue


def test_four_hundred_mutated_files_lose_no_row_and_raise_nothing(tmp_path: Path) -> None:
    counts, wrong = mutants.run(400, 1, tmp_path)
    assert set(counts) == set(mutants.WRITERS)
    assert wrong == []


@pytest.mark.parametrize("suffix", mutants.WRITERS)
def test_hostile_values_are_written_so_that_most_files_are_read(suffix: str, tmp_path: Path) -> None:
    products = 0
    for seed in range(5):
        choose = random.Random(seed)
        (tmp_path / f"c{suffix}").write_bytes(mutants.WRITERS[suffix](mutants.rows_of(choose), choose))
        products += mutants.catalogue.read(tmp_path / f"c{suffix}", mutants.Settings()).products.num_rows
    assert products > 5 * mutants.ROWS / 2


def test_a_lost_row_a_traceback_and_a_hang_would_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c.csv"
    path.write_text("id,name\n1,plum pot\n2,grey lamp\n")
    assert mutants.problem_of(path, 2) is None
    assert mutants.problem_of(path, 3) == "rows [3] of 3 are lost"
    read = catalogue.read

    def loses(*given: object) -> Catalogue:
        found = read(path, mutants.Settings())
        return Catalogue(found.products.slice(1), found.issues)

    monkeypatch.setattr(catalogue, "read", loses)
    assert mutants.problem_of(path, 2) == "rows [1] of 2 are lost"
    monkeypatch.setattr(catalogue, "read", lambda *_: 1 // 0)
    assert "ZeroDivisionError" in str(mutants.problem_of(path, 2))
    monkeypatch.setattr(mutants, "SECONDS", 0.01)
    monkeypatch.setattr(catalogue, "read", lambda *_: time.sleep(5))
    assert mutants.problem_of(path, 2) == "no answer in 0.01 s"
