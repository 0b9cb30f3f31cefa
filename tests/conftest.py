"""What all tests share."""

import os
from pathlib import Path

import pytest

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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fast tests first, then real models, then the browser: what breaks cheaply breaks early."""
    items.sort(key=lambda item: [item.get_closest_marker(slow) is not None for slow in ("browser", "models")])
