"""A whole ingestion on a disk that fails: one sentence with exit code 5, and the next run is right."""

import errno
import shutil
from pathlib import Path
from typing import Any

import pytest

from store import manifest
from store.root import Root
from store.upkeep import verify
from tests.ingestion import shop
from tests.ingestion.shop import FAKES, Shop, ingest, signature
from tests.ingestion.steps import Missing
from tests.store import disk

pytestmark = pytest.mark.skipif(not shutil.which("cc"), reason="there is no C compiler to make a failing disk with")


def publish(store: Path, number: int) -> None:
    """Ingest the shop beside the store; every other number has one method more, so that each publishes a snapshot."""
    goods = (store.parent / "shop.csv", store.parent / "images")
    ingest(goods, store, {**FAKES, "missing": Missing} if number % 2 else FAKES)


@pytest.mark.parametrize(("fault", "lasting"), [(errno.ENOSPC, True), (errno.EIO, False)], ids=["full", "broken"])
@pytest.mark.parametrize("step", [pytest.param(40, id="some"), pytest.param(1, id="all", marks=pytest.mark.faults)])
def test_an_ingestion_that_cannot_write_ends_in_words(
    again: tuple[Shop, Path], tmp_path: Path, fault: int, lasting: bool, step: int
) -> None:
    library, store = disk.build(tmp_path), again[1]
    right = []
    for number in (0, 1):
        publish(store, number)
        right.append(signature(store))
    answers, number = list[dict[str, Any]](), 1
    with disk.failing(library, f"{__name__}:publish", store) as publishing:
        touches = publishing(number)["touches"]
        for at in range(1, touches + step, step):
            number = 1 - number
            answer = publishing(number, at, fault, lasting)
            if answer["error"]:
                name, code, message = answer["error"]
                assert (name, code, "\n" in message) == ("StoreError", 5, False), answer
                assert signature(store) in right
            else:
                assert signature(store) == right[number], answer
            answers.append(answer)
            assert publishing(number)["error"] is None, answer
            assert signature(store) == right[number], answer
            assert Root(store).temporaries() == [], answer
    assert verify(Root(store)) == []
    assert any(answer["error"] for answer in answers)
    print(disk.report(fault, "an ingestion", answers))


@pytest.mark.parametrize(("fault", "lasting"), [(errno.ENOSPC, True), (errno.EIO, False)], ids=["full", "broken"])
def test_a_step_that_cannot_write_is_no_failed_method(tmp_path: Path, fault: int, lasting: bool) -> None:
    library = disk.build(tmp_path)
    shop.make(tmp_path)
    store = tmp_path / "store"
    with disk.failing(library, f"{__name__}:publish", store) as publishing:
        answer = publishing(1, 60, fault, lasting)
    assert answer["failed"].split(" ")[1].startswith("/parts/"), answer
    name, code, message = answer["error"]
    assert (name, code, "\n" in message) == ("StoreError", 5, False), answer
    assert manifest.numbers(Root(store)) == []
