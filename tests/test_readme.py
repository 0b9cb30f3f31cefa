"""The README's promises: its queries answer, its configuration is one, its links lead somewhere."""

import re
import tomllib
from pathlib import Path

import pytest

from ingestion.config import Config
from store import snapshot
from store.root import Root
from tests.factories import make_store

HOUSE = Path(__file__).parent.parent
PAGES = [HOUSE / "README.md", *sorted((HOUSE / "docs").glob("*.md"))]
QUERIES = [
    (page.name, query) for page in PAGES for query in re.findall(r"```sql\n(.*?)```", page.read_text(), re.DOTALL)
]


@pytest.fixture(scope="module")
def connection(tmp_path_factory):
    store = tmp_path_factory.mktemp("readme")
    make_store(store)
    with snapshot.connect(Root(store)) as connection:
        yield connection


def test_the_readme_shows_three_queries():
    assert sum(page == "README.md" for page, _ in QUERIES) == 3


@pytest.mark.parametrize(
    "query", [query for _, query in QUERIES], ids=[f"{page}-{n}" for n, (page, _) in enumerate(QUERIES)]
)
def test_every_query_in_the_documentation_is_answered_with_rows(connection, query):
    assert connection.execute(query).fetchall()


def test_the_configuration_in_the_readme_is_valid():
    (text,) = re.findall(r"```toml\n(.*?)```", (HOUSE / "README.md").read_text(), re.DOTALL)
    config = Config.model_validate(tomllib.loads(text))
    assert config.jobs[0].name == "nightly"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_in_the_documentation_leads_to_a_file(page):
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []
