"""What all tests share."""

import os
import shutil
from pathlib import Path

import pytest

from store.root import Root

# one thread, as in the workers of a study: on a busy machine k-means with two takes ten times the processor time
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The development data beside the repository; the test is skipped where they are absent."""
    if not (SHARED / "data").is_dir():
        pytest.skip("needs the development data in ../shared, which are not part of the repository")
    return SHARED


@pytest.fixture(scope="session")
def small_store(tmp_path_factory: pytest.TempPathFactory) -> Root:
    """A made-up study of 60 products, made once; no test may change it."""
    from tests.factories import make_store  # scikit-learn, which most tests do without

    return make_store(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def large_store(tmp_path_factory: pytest.TempPathFactory) -> Root:
    """A made-up study of 140 products, made once; no test may change it."""
    from tests.factories import make_store

    return make_store(tmp_path_factory.mktemp("large"), products=140)


@pytest.fixture(scope="session")
def bare_store(tmp_path_factory: pytest.TempPathFactory) -> Root:
    """A made-up study of 60 products without categories and images, made once; no test may change it."""
    from tests.factories import make_store

    return make_store(tmp_path_factory.mktemp("bare"), categories=False, images=False)


@pytest.fixture
def unreviewed(small_store: Root, tmp_path: Path) -> Root:
    """A copy of the made-up study, without any review, which a test may change."""
    shutil.copytree(small_store.path, tmp_path / "store")
    shutil.rmtree(tmp_path / "store" / "log" / "reviews")
    return Root(tmp_path / "store")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fast tests first, then real models, then the browser: what breaks cheaply breaks early."""
    items.sort(key=lambda item: [item.get_closest_marker(slow) is not None for slow in ("browser", "models")])
