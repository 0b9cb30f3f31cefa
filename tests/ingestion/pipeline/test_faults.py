"""Faults in a run: what else fails, what remains, and the exit code."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import aislemap
from ingestion import console
from ingestion.features import registry
from ingestion.pipeline.engine import Event, Failed, Finished
from ingestion.pipeline.ingest import Report
from ingestion.pipeline.runner import Listener, Outcome
from store import manifest
from store.errors import CatalogueError, ConfigError, StoreError
from store.root import Root
from tests.ingestion import shop
from tests.ingestion.shop import ALL, FAKES, STUDIED, DirectEngine, Shop, ask, computed, ingest, signature
from tests.ingestion.steps import Broken, Missing

PROJECT = Path(__file__).resolve().parents[3]
KILLED = """
import os, signal, sys
from pathlib import Path
from ingestion.pipeline.runner import Listener
from tests.ingestion.shop import ingest

class Killer(Listener):
    def ended(self, outcome):
        if outcome.step == sys.argv[4]:
            os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    ingest((Path(sys.argv[1]), Path(sys.argv[2])), Path(sys.argv[3]), listener=Killer())
"""


def test_a_failing_method_leaves_the_others_and_says_why(again: tuple[Shop, Path]) -> None:
    goods, store = again
    report = ingest(goods, store, {**FAKES, "broken": Broken})
    assert report.status == "published"
    assert list(report.missing) == ["broken"]
    ((status, detail),) = ask(store, "SELECT status, detail FROM models WHERE method = 'broken'")
    assert status == "failed"
    assert "ZeroDivisionError: no luck today (steps.py:" in detail
    others = {name: o.status for name, o in report.outcomes.items() if not name.endswith("broken")}
    assert {name for name, status in others.items() if status != "cached"} == set()
    skipped = {name: o for name, o in report.outcomes.items() if o.status == "skipped"}
    assert set(skipped) == {f"{step}:broken" for step in STUDIED[1:]}
    assert "features:broken" in (skipped["projection:broken"].detail or "")
    judged = "SELECT DISTINCT verdict FROM verdicts WHERE scope NOT LIKE 'category:%'"
    assert ask(store, judged) == [("feasible",)]


def test_a_failed_method_is_tried_again_at_the_next_run(again: tuple[Shop, Path]) -> None:
    goods, store = again
    methods = {**FAKES, "broken": Broken}
    first, second = ingest(goods, store, methods), ingest(goods, store, methods)
    assert second.outcomes["features:broken"].status == "failed"
    assert (second.status, second.number) == ("unchanged", first.number)


def test_a_missing_method_is_unavailable_with_its_remedy(again: tuple[Shop, Path]) -> None:
    goods, store = again
    report = ingest(goods, store, {**FAKES, "missing": Missing})
    detail = "No weights found for missing. Give some with --weights missing=PATH."
    assert report.missing == {"missing": detail}
    assert ask(store, "SELECT status, detail, products FROM models WHERE method = 'missing'") == [
        ("unavailable", detail, None)
    ]
    assert computed(report) == set()
    assert set(report.outcomes) - ALL == {"features:missing"}


def aislemap_(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """The exit code of the command in this process, where our methods are the fakes."""
    monkeypatch.setattr(sys, "argv", ["aislemap", *map(str, arguments)])
    with pytest.raises(SystemExit) as left:
        aislemap.main()
    return int(left.value.code or 0)


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, again: tuple[Shop, Path], tmp_path: Path) -> Callable[..., int]:
    """`aislemap ingest` of the shop, with the fakes, a broken and a missing method: its exit code."""
    monkeypatch.setattr(registry, "METHODS", {**FAKES, "broken": Broken, "missing": Missing})
    (tmp_path / "aislemap.toml").write_text(
        "[study]\nresamples = 2\njoint = ['faketext', 'fakeimage']\nreducers = ['pca', 'tsne']\n"
        "map_perplexities = [10.0]\nmap_seeds = 1\n"
        "[verdict.rests_on]\ntext = ['faketext']\nimage = ['fakeimage']\n"
        "'text+image' = ['joint']\n[limits]\nworkers = 1\n"
    )
    (catalogue, images), store = again

    def run(*options: str) -> int:
        known = ("--images", images, "--store", store, "--config", tmp_path / "aislemap.toml")
        return aislemap_(monkeypatch, "ingest", catalogue, *known, *options)

    return run


def test_a_missing_method_nobody_named_leaves_exit_code_0(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command() == 0
    output = capsys.readouterr().out
    assert "missing did not run. No weights found for missing. Give some with --weights missing=PATH." in output
    assert "broken did not run." in output
    assert "text: FEASIBLE." in output


@pytest.mark.parametrize("method", ["missing", "broken"])
def test_a_method_named_by_option_that_does_not_run_exits_with_6(
    method: str, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("--methods", f"faketext,{method}") == 6
    printed = capsys.readouterr()
    assert printed.err == f"aislemap: The study lacks {method}. The lines above say why.\n"
    assert printed.out.count(f"{method} did not run.") == 1


def test_where_no_method_ran_there_is_no_table_of_methods(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("--methods", "faketext") == 0
    assert "Agreement of each method's groups" in capsys.readouterr().out
    assert command("--methods", "missing") == 6
    output = capsys.readouterr().out
    assert "missing did not run." in output
    assert "Agreement of each method's groups" not in output


@pytest.mark.parametrize(("metric", "named"), [("auto", "ARI"), ("ami", "AMI")])
def test_methods_are_listed_by_the_metric_of_the_verdict(
    metric: str, named: str, again: tuple[Shop, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    goods, store = again
    console.study(store, ingest(goods, store, verdict={"metric": metric}, study={"k": 2}))  # too few: no score is 1
    output = " ".join(capsys.readouterr().out.split())
    assert f"({named} and its 95 % interval)" in output
    found = dict(ask(store, "SELECT metric, value FROM scores WHERE method = 'joint' AND metric IN ('ari', 'ami')"))
    other = found["ari" if named == "AMI" else "ami"]
    assert f"{found[named.lower()]:.2f} (" in output
    assert f"{other:.2f} (" not in output


def test_a_failed_step_of_no_method_is_named_with_its_reason(
    again: tuple[Shop, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    goods, store = again
    report = ingest(goods, store)
    report.outcomes["suspects"] = Outcome("suspects", "failed", detail="It was stopped at 4,200 MB of memory.")
    console.study(store, report)
    output = capsys.readouterr().out
    assert "suspects is missing from the study: its step failed. It was stopped at 4,200 MB of memory." in output


def test_a_method_whose_clustering_failed_is_missing_too(tmp_path: Path) -> None:
    class Breaking(DirectEngine):
        def events(self) -> list[Event]:
            return [
                Failed(event.task, "Of all things.", 0.0, 0.0)
                if isinstance(event, Finished) and event.task.step == "clustering:faketext"
                else event
                for event in super().events()
            ]

    report = ingest(shop.make(tmp_path), tmp_path / "store", engine=Breaking())
    assert report.missing == {"faketext": "Its step clustering:faketext failed. Of all things."}
    assert report.status == "published"


def test_a_method_named_in_the_configuration_exits_with_6_too(command: Callable[..., int], tmp_path: Path) -> None:
    path = tmp_path / "aislemap.toml"
    path.write_text(path.read_text().replace("[study]", "[study]\nmethods = ['faketext', 'missing']"))
    assert command() == 6


@pytest.mark.parametrize(
    ("options", "code", "named"),
    [
        (["--methods", "gpt"], 3, "There is no method 'gpt'. There are faketext"),
        (["--methods", "faketxt"], 3, "There is no method 'faketxt'; did you mean faketext? There are"),
        (["--column", "name=nmae"], 3, "no column 'nmae' (named as name); did you mean name? Its columns are"),
        (["--weights", "cnn"], 3, "--weights cnn"),
        (["--column", "colour=x"], 3, "colour"),
        (["--k", "1"], 2, "--k"),
    ],
)
def test_a_wrong_option_is_named(
    options: list[str], code: int, named: str, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(*options) == code
    assert named in capsys.readouterr().err


@pytest.mark.parametrize("step", ["features:faketext", "suspects"])
def test_a_killed_run_publishes_nothing_and_is_resumed(
    step: str, first: tuple[Shop, Path, Report, DirectEngine], tmp_path: Path
) -> None:
    goods, whole, _, _ = first
    store = tmp_path / "store"
    command = [sys.executable, "-c", KILLED, *map(str, (*goods, store, step))]
    assert subprocess.run(command, check=False, cwd=PROJECT).returncode == -signal.SIGKILL
    assert manifest.numbers(Root(store)) == []
    report = ingest(goods, store)
    assert (report.status, report.number) == ("published", 1)
    assert 0 < report.count("cached") < len(ALL) or step == "suspects"
    assert signature(store) == signature(whole)


class Second(Listener):
    """Starts another ingestion into the same store once this one is under way."""

    def __init__(self, goods: Shop, store: Path) -> None:
        self.arguments = ["ingest", str(goods[0]), "--images", str(goods[1]), "--store", str(store)]
        self.answer: subprocess.CompletedProcess[str] | None = None

    def started(self, step: str) -> None:
        if self.answer is None:
            command = [sys.executable, "aislemap.py", *self.arguments]
            self.answer = subprocess.run(command, check=False, cwd=PROJECT, capture_output=True, text=True)


def test_a_second_ingestion_at_once_is_refused_naming_the_first(
    first: tuple[Shop, Path, Report, DirectEngine], tmp_path: Path
) -> None:
    goods, whole, _, _ = first
    second = Second(goods, tmp_path / "store")
    report = ingest(goods, tmp_path / "store", listener=second)
    assert second.answer
    assert second.answer.returncode == 4, second.answer.stderr
    assert f"is being written by an ingestion of shop.csv (process {os.getpid()}" in second.answer.stderr
    assert "Traceback" not in second.answer.stderr
    assert report.status == "published"
    assert signature(tmp_path / "store") == signature(whole)


def test_a_folder_with_other_files_in_parts_is_refused_untouched(tmp_path: Path) -> None:
    image = tmp_path / "mine" / "parts" / "brakes" / "disc.jpg"
    image.parent.mkdir(parents=True)
    image.write_bytes(b"mine")
    with pytest.raises(StoreError, match=r"holds parts/brakes/disc\.jpg, which no store wrote"):
        ingest(shop.make(tmp_path), tmp_path / "mine")
    assert [p for p in (tmp_path / "mine").rglob("*") if p.is_file()] == [image]


def test_an_absent_catalogue_or_folder_is_named_first(tmp_path: Path) -> None:
    catalogue, _ = shop.make(tmp_path)
    with pytest.raises(CatalogueError, match=r"no catalogue file .*none\.csv"):
        ingest((tmp_path / "none.csv", None), tmp_path / "store")
    with pytest.raises(CatalogueError, match=r"no images folder .*none"):
        ingest((catalogue, tmp_path / "none"), tmp_path / "store")
    assert not (tmp_path / "store").exists()


def test_an_unreadable_catalogue_fails_but_keeps_the_snapshot(again: tuple[Shop, Path]) -> None:
    (catalogue, images), store = again
    catalogue.write_text("")
    with pytest.raises(CatalogueError, match=r"shop\.csv"):
        ingest((catalogue, images), store)
    assert manifest.numbers(Root(store)) == [1]
    ((status, detail, number),) = ask(store, "SELECT status, detail, snapshot FROM runs ORDER BY run_id DESC LIMIT 1")
    assert (status, number) == ("failed", 1)
    assert "shop.csv" in detail


def test_settings_of_a_method_that_there_is_not_are_an_error(first: tuple[Shop, Path, Report, DirectEngine]) -> None:
    with pytest.raises(ConfigError, match="no method 'gpt'"):
        ingest(first[0], first[1], methods={"gpt": {}})


def test_a_run_that_breaks_leaves_its_log_and_frees_the_store(again: tuple[Shop, Path]) -> None:
    goods, store = again

    class Breaks(Listener):
        def ended(self, outcome: Outcome) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest(goods, store, listener=Breaks(), engine=DirectEngine())
    ((status, detail),) = ask(store, "SELECT status, detail FROM runs ORDER BY run_id DESC LIMIT 1")
    assert (status, detail) == ("failed", "KeyboardInterrupt")
    assert ingest(goods, store).status == "unchanged"


class Signalled(Listener):
    """Sends a signal to this process as the first step starts."""

    def started(self, step: str) -> None:
        os.kill(os.getpid(), signal.SIGTERM)


def test_sigterm_ends_an_ingestion_with_143_and_a_row_in_runs(
    command: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(console.Progress, "started", Signalled.started)
    assert command("--methods", "broken") == 143
    assert capsys.readouterr().err.splitlines() == [
        "aislemap: It was ended by SIGTERM. The next run continues from the steps that were finished."
    ]
    store = tmp_path / "store"
    rows = ask(store, "SELECT status, detail FROM runs ORDER BY started DESC LIMIT 1")
    assert rows == [("failed", "It was ended by SIGTERM.")]
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    assert not (store / "writer.json").exists()


def test_categories_without_a_verdict_are_named_with_the_reason(
    again: tuple[Shop, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    goods, store = again
    console.study(store, ingest(goods, store, study={"k": 2}, category_verdict={"least_products": 100}))
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("UNKNOWN: ")]
    assert re.search(r" products of it could be grouped with \w+.*; a verdict needs 100\. Label them by hand\.$", line)
