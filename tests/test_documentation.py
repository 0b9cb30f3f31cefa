"""The documentation: queries answer, settings and commands are there, links lead somewhere, lines are short."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest
import typer

import aislemap
from ingestion.config import Config
from ingestion.features import registry
from ingestion.settings import Settings
from store import snapshot
from store.root import Root
from tests.factories import make_store

ROOT = Path(__file__).parent.parent
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/README.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "ingestion" / "features" / "embedded").glob("*.md")),
]
GENERATED = {"tables.md", "settings.md"}


def blocks(language: str) -> list[tuple[str, str]]:
    """The fenced blocks of a language, as (page, text)."""
    fence = re.compile(rf"```{language}\n(.*?)```", re.DOTALL)
    return [(page.name, text) for page in PAGES for text in fence.findall(page.read_text(encoding="utf-8"))]


QUERIES = blocks("sql")
SETTINGS = blocks("toml")
COMMANDS = [
    (page.name, line)
    for page in PAGES
    for line in re.findall(r"`(aislemap [^`\n]+)`", page.read_text(encoding="utf-8"))
] + [
    (page, line) for page, text in blocks("sh") for line in re.findall(r"^aislemap .*", text, re.MULTILINE)
]  # fmt: skip


def numbered(found: list[tuple[str, str]]) -> list[str]:
    """Names of tests: the page and a number."""
    return [f"{page}-{number}" for number, (page, _) in enumerate(found)]


@pytest.fixture(scope="module")
def connection(tmp_path_factory):
    store = tmp_path_factory.mktemp("documentation")
    make_store(store)
    with snapshot.connect(Root(store)) as connection:
        yield connection


def test_the_readme_asks_one_question_and_a_page_the_others():
    assert [page for page, _ in QUERIES if page != "queries.md"] == ["README.md"]


@pytest.mark.parametrize("query", [query for _, query in QUERIES], ids=numbered(QUERIES))
def test_every_query_that_is_shown_is_answered_with_rows(connection, query):
    assert connection.execute(query).fetchall()


@pytest.mark.parametrize("text", [text for _, text in SETTINGS], ids=numbered(SETTINGS))
def test_every_configuration_that_is_shown_is_valid(text):
    config = Config.model_validate(tomllib.loads(text))
    for name, settings in config.methods.items():
        registry.build(name, settings)


@pytest.mark.parametrize("line", [line for _, line in COMMANDS], ids=numbered(COMMANDS))
def test_every_command_that_is_shown_is_there_with_its_options(line):
    command = typer.main.get_command(aislemap.app)
    words = iter(shlex.split(line, comments=True)[1:])
    for word in words:
        if word == "COMMAND":
            return
        if word.startswith("-"):
            options = {option for parameter in command.params for option in parameter.opts}
            assert word in {*options, "--help"}, f"{line}: there is no option {word}"
            next(words, None)  # its value, which is no command
        elif hasattr(command, "commands"):
            assert word in command.commands, f"{line}: there is no command {word}"
            command = command.commands[word]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page):
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_anchor_is_a_heading(page):
    for link, anchor in re.findall(r"\]\(([^)#:]*)#([^)]*)\)", page.read_text(encoding="utf-8")):
        target = page.parent / link if link else page
        headings = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE)
        assert anchor in {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [page for page in PAGES if page.name not in GENERATED], ids=lambda page: page.name)
def test_the_lines_of_every_page_are_wrapped(page):
    prose = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert [line for line in prose.splitlines() if len(line) > 120 and not line.startswith(("|", "!["))] == []


def test_every_test_that_a_page_names_is_there() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    for page in PAGES:
        named = set(re.findall(r"`(test_\w+)`", page.read_text(encoding="utf-8")))
        assert sorted(name for name in named if f"def {name}(" not in code) == [], page.name
    assert "`test_" in (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")


def test_every_setting_that_a_page_names_is_one() -> None:
    tables = {name: field.annotation for name, field in Config.model_fields.items()}
    settings = {
        name: its.model_fields for name, its in tables.items() if isinstance(its, type) and issubclass(its, Settings)
    }
    for page in PAGES:
        for table, name in re.findall(r"`(\w+)\.(\w+)[`\s=\]]", page.read_text(encoding="utf-8")):
            if table in settings and f"{table}.{name}" not in {"catalogue.csv", "engine.py"}:
                assert name in settings[table], f"{page.name}: {table}.{name}"
