"""While an ingestion runs the store says how far it is; afterwards it does not."""

from pathlib import Path

import pytest

from ingestion.pipeline.runner import Listener, Outcome
from store import progress
from store.progress import Running
from store.root import Root
from tests.ingestion import shop
from tests.ingestion.shop import DirectEngine, ingest


class Looking(Listener):
    """Looks at the progress in the store as each step starts."""

    def __init__(self, store: Path) -> None:
        self.store, self.seen, self.ends = Root(store), dict[str, Running | None](), 0

    def started(self, step: str) -> None:
        self.seen[step] = progress.read(self.store)

    def ended(self, outcome: Outcome) -> None:
        self.ends += 1
        if outcome.step == "texts":
            raise KeyboardInterrupt


class Whole(Looking):
    """The same, to the end."""

    def ended(self, outcome: Outcome) -> None:
        self.ends += 1


def test_each_step_that_starts_finds_the_ones_before_it_ended(tmp_path: Path) -> None:
    looking = Whole(tmp_path / "store")
    report = ingest(shop.make(tmp_path), tmp_path / "store", listener=looking, engine=DirectEngine())
    at_texts = looking.seen["texts"]
    assert at_texts
    assert (at_texts.run_id, at_texts.catalogue) == (report.run_id, "shop.csv")
    assert at_texts.steps["catalogue"].status == "computed"
    last = list(looking.seen.values())[-1]
    assert last
    statuses = {name: step.status for name, step in last.steps.items()}
    assert statuses.items() >= {"texts": "computed", "duplicates": "computed"}.items()
    assert looking.ends == len(report.outcomes)
    assert progress.read(looking.store) is None


def test_an_ingestion_that_breaks_runs_no_more(tmp_path: Path) -> None:
    looking = Looking(tmp_path / "store")
    with pytest.raises(KeyboardInterrupt):
        ingest(shop.make(tmp_path), tmp_path / "store", listener=looking, engine=DirectEngine())
    assert looking.seen["texts"]
    assert not looking.store.exists(progress.FILE)
