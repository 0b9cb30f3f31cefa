"""The jobs in the forms of other schedulers, each read by that one's parser if it is there, or one of its format."""

import ast
import configparser
import re
import shlex
import shutil
import subprocess
import sys
import types
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

import aislemap
from ingestion.config import Config
from ingestion.schedule.export import FORMS, calendar, export, slug
from ingestion.schedule.when import times
from store.errors import ConfigError
from tests.ingestion.schedule.trial import job

NAMES = {"nightly": "30 2 * * *", "weekly: Müller & Söhne": "*/15 6-8 * 1,6 mon-fri", "monthly": "5 4 1 * *"}
ODD = """sh op's "50%" $HOME"""
"""A folder that every form has to quote."""
ANALYZE = shutil.which("systemd-analyze")


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Jobs at times, with an odd folder, and one that watches a folder only."""
    jobs = [
        job(tmp_path / ODD, name, cron=cron, images=tmp_path / "photos", retries=3, time_limit=900)
        for name, cron in NAMES.items()
    ]
    return Config(jobs=(*jobs, job(tmp_path / "s", "inbox", cron=None, watch=tmp_path / "in")))


def words(config: Config, name: str) -> list[str]:
    """What `aislemap` is to be started with for a job."""
    found = next(job for job in config.jobs if job.name == name)
    images = ["--images", str(found.images)] if found.images else []
    where = ["--store", str(found.store), "--config", "/etc/aislemap.toml"]
    return ["ingest", str(found.catalogue.resolve()), *images, *where]


def written(config: Config, form: str) -> dict[str, str]:
    return export(config, form, Path("/etc/aislemap.toml"))


def test_an_unknown_form_and_names_that_become_one_are_errors(config: Config, store: Path) -> None:
    with pytest.raises(
        ConfigError, match="no form 'launchd' to export to; there are cron, systemd, kubernetes, airflow"
    ):
        written(config, "launchd")
    with pytest.raises(ConfigError, match="'a-b'"):
        written(Config(jobs=(job(store, "A b"), job(store, "a-b"))), "systemd")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Nightly 1", "nightly-1"), ("多", "job"), ("x" * 90, "x" * 40), ("../../etc/passwd", "etc-passwd")],
)
def test_a_name_becomes_one_that_units_and_cron_jobs_take(name: str, expected: str) -> None:
    assert slug(name) == expected


def test_a_crontab_runs_the_same_jobs(config: Config) -> None:
    (text,) = written(config, "cron").values()
    entry = re.compile(r"((?:[\d*/,a-z-]+ ){4}[\d*/,a-z-]+) (.*)")  # crontab(5): five fields and a command
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    zones, entries = lines[::2], [entry.fullmatch(line) for line in lines[1::2]]
    assert zones == ["CRON_TZ=Europe/Berlin"] * 3
    for (name, cron), found in zip(NAMES.items(), entries, strict=True):
        assert found
        assert found[1] == cron
        command = found[2]
        assert re.search(r"(?<!\\)%", command) is None  # cron would take it for a new line
        split = shlex.split(command.replace("\\%", "%"))
        assert split[2:6] == ["&&", "timeout", "--kill-after=10", "900"]
        assert split[7:] == words(config, name)
    assert "watches no folder" in text


def units(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    return parser


def test_systemd_has_a_service_and_a_timer_for_each_job(config: Config) -> None:
    files = written(config, "systemd")
    assert set(files) == {
        *(f"aislemap-{slug(name)}.{kind}" for name in NAMES for kind in ("service", "timer")),
        "aislemap-inbox.service",
        "aislemap-inbox.path",
    }
    service = units(files["aislemap-nightly.service"])["Service"]
    assert (service["Type"], service["TimeoutStartSec"]) == ("oneshot", "900")
    timer = units(files["aislemap-nightly.timer"])["Timer"]
    assert (timer["OnCalendar"], timer["Persistent"]) == ("*-*-* 02:30:00 Europe/Berlin", "true")
    assert units(files["aislemap-inbox.path"])["Path"]["PathChanged"].endswith("/in")


@pytest.mark.skipif(ANALYZE is None, reason="needs systemd-analyze")
def test_systemd_itself_takes_the_units_and_the_words(config: Config, tmp_path: Path) -> None:
    program = tmp_path / "aislemap"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(tmp_path), prepend=":")
        files = written(config, "systemd")
    folder = tmp_path / "units"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    assert ANALYZE
    command = (ANALYZE, "verify", "--recursive-errors=no", *(str(folder / name) for name in files))
    checked = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (checked.returncode, [line for line in checked.stderr.splitlines() if "aislemap" in line]) == (0, [])


@pytest.mark.skipif(ANALYZE is None, reason="needs systemd-analyze")
@pytest.mark.parametrize("cron", [*NAMES.values(), "0 */6 * * sun", "59 23 31 12 *", "0,30 5-7/2 * feb-apr *"])
def test_systemd_reads_the_same_next_times(store: Path, cron: str) -> None:
    planned = job(store, cron=cron, timezone="Asia/Tokyo")  # without summer time, in which rules may differ
    assert ANALYZE
    command = (ANALYZE, "calendar", "--iterations=4", "--base-time=2026-11-03 00:00:00 UTC", calendar(planned))
    answer = subprocess.run(command, capture_output=True, text=True, env={"TZ": "UTC", "LC_ALL": "C"}, check=True)
    theirs = re.findall(r"\w{3} (\d{4}-\d\d-\d\d \d\d:\d\d):00 UTC", answer.stdout)
    ours, moment = [], datetime(2026, 11, 3, tzinfo=UTC)
    for _ in range(4):
        moment = times(planned).following(moment)  # type: ignore[union-attr,assignment]
        ours.append(f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}")
    assert list(dict.fromkeys(theirs))[-4:] == ours


def test_kubernetes_gets_a_cron_job_for_each_job(config: Config, tmp_path: Path) -> None:
    (text,) = written(config, "kubernetes").values()
    documents = [document for document in yaml.safe_load_all(text) if document]
    assert [document["kind"] for document in documents] == ["CronJob"] * 3
    for (name, cron), document in zip(NAMES.items(), documents, strict=True):
        assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])?", document["metadata"]["name"])
        spec = document["spec"]
        assert (spec["schedule"], spec["timeZone"], spec["concurrencyPolicy"]) == (cron, "Europe/Berlin", "Forbid")
        assert spec["startingDeadlineSeconds"] == 21600
        assert spec["jobTemplate"]["spec"]["backoffLimit"] == 3
        pod = spec["jobTemplate"]["spec"]["template"]["spec"]
        assert (pod["restartPolicy"], pod["activeDeadlineSeconds"]) == ("Never", 900)
        container = pod["containers"][0]
        assert container["args"] == words(config, name)
        mounted = {mount["name"]: mount for mount in container["volumeMounts"]}
        assert set(mounted) == {volume["name"] for volume in pod["volumes"]}
        assert mounted["store"] == {"name": "store", "mountPath": str(tmp_path / ODD), "readOnly": False}
        assert mounted["images"]["readOnly"] is True
    assert "watches no folder" in text


def test_airflow_gets_a_dag_for_each_job(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    (text,) = written(config, "airflow").values()
    ast.parse(text)
    dags: list[dict[str, Any]] = []
    tasks: list[dict[str, Any]] = []

    class Dag:
        def __init__(self, name: str, **settings: Any) -> None:
            dags.append({"name": name, **settings})

        def __enter__(self) -> None: ...

        def __exit__(self, *_: object) -> None: ...

    modules: dict[str, dict[str, Any]] = {
        "pendulum": {"datetime": lambda *_, tz: tz},
        "airflow": {},
        "airflow.sdk": {"DAG": Dag},
        "airflow.providers": {},
        "airflow.providers.standard": {},
        "airflow.providers.standard.operators": {},
        "airflow.providers.standard.operators.bash": {"BashOperator": lambda **settings: tasks.append(settings)},
    }
    for name, content in modules.items():
        module = types.ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)
    exec(compile(text, "aislemap_dags.py", "exec"), {})
    assert [(dag["name"], dag["schedule"]) for dag in dags] == [
        *((f"aislemap-{slug(name)}", cron) for name, cron in NAMES.items()),
        ("aislemap-inbox", None),
    ]
    assert {(dag["start_date"], dag["catchup"], dag["max_active_runs"]) for dag in dags} == {
        ("Europe/Berlin", False, 1)
    }
    for name, task in zip(NAMES, tasks, strict=False):
        assert shlex.split(task["bash_command"])[1:] == words(config, name)
        assert (task["retries"], task["execution_timeout"].total_seconds()) == (3, 900)


@pytest.mark.parametrize("form", FORMS)
def test_the_command_prints_a_form_or_writes_its_files(form: str, tmp_path: Path) -> None:
    path = tmp_path / "aislemap.toml"
    path.write_text(
        f'[[jobs]]\nname = "nightly"\ncron = "30 2 * * *"\ncatalogue = "c.csv"\nstore = "{tmp_path}/store"\n'
    )
    arguments = ["schedule", "export", "--to", form, "--config", str(path)]
    printed = CliRunner().invoke(aislemap.app, arguments)
    assert printed.exit_code == 0, printed.output
    assert CliRunner().invoke(aislemap.app, [*arguments, "--out", str(tmp_path / "out")]).exit_code == 0
    for file in (tmp_path / "out").iterdir():
        assert f"# {file.name}\n{file.read_text()}" in printed.output
    assert list((tmp_path / "out").iterdir())
