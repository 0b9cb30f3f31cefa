"""The dashboard over the made-up studies that no test of it changes."""

import pytest
from dash import Dash

from dashboard.app import create_app
from store.root import Root


@pytest.fixture(scope="session")
def app(large_store: Root) -> Dash:
    return create_app(large_store)


@pytest.fixture(scope="session")
def bare_app(bare_store: Root) -> Dash:
    """The app over a store without categories and images."""
    return create_app(bare_store)
