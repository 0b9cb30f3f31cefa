"""The jobs of a configuration in the forms of other schedulers: cron, systemd, Kubernetes, Airflow.

Each runs `aislemap ingest` with the job's files, its configuration and, where the form has them, its time limit,
retries, time zone and misfire policy. docs/operations.md lists what each form lacks.
"""

import json
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

from ingestion.config import Config
from ingestion.jobs import Job
from ingestion.schedule.planned import checked
from ingestion.schedule.when import DAYS, times
from store.errors import ConfigError

IMAGE = "aislemap:0.1.0"
"""The image that compose.yaml builds."""


def export(config: Config, form: str, path: Path) -> dict[str, str]:
    """The files of a form, by name. ConfigError for an unknown form and for jobs that the scheduler would refuse."""
    if form not in FORMS:
        raise ConfigError(f"There is no form {form!r} to export to; there are {', '.join(FORMS)}.")
    slugs = [slug(job.name) for job in checked(config).jobs]
    if twice := sorted({name for name in slugs if slugs.count(name) > 1}):
        raise ConfigError(f"Two jobs would both be called {twice[0]!r} in {form}; give them names that differ more.")
    return FORMS[form](config.jobs, path.resolve())


def cron(jobs: tuple[Job, ...], path: Path) -> dict[str, str]:
    """A crontab. A zone needs a cron that knows CRON_TZ, as cronie."""
    lines = [
        "# Install with: crontab aislemap.crontab",
        "# CRON_TZ needs cronie; other crons run in the system's zone. cron retries nothing and makes up for nothing.",
    ]
    for job in jobs:
        lines += ["", f"# {_plain(job.name)}"]
        if job.cron is None:
            lines.append(f"# cron watches no folder: this job runs when files in {_plain(job.watch)} change.")
            continue
        limited = ["timeout", "--kill-after=10", f"{job.time_limit:g}", *_command(job, path)]
        line = shlex.join(limited).replace("%", r"\%")  # cron takes a bare % for the end of the command
        lines += [f"CRON_TZ={job.timezone}", f"{job.cron} cd {shlex.quote(str(Path.cwd()))} && {line}"]
    return {"aislemap.crontab": "\n".join([*lines, ""])}


def systemd(jobs: tuple[Job, ...], path: Path) -> dict[str, str]:
    """A service for each job, with a timer and, for a watched folder, a path unit (which has no quiet time)."""
    files = {}
    for job in jobs:
        name = f"aislemap-{slug(job.name)}"
        command = " ".join(_quoted(word) for word in _command(job, path))
        files[f"{name}.service"] = f"""[Unit]
Description=aislemap: ingest {_specifiers(_plain(job.name))}
# There are no retries: systemd counts them together with the timer's starts.

[Service]
Type=oneshot
WorkingDirectory={_specifiers(str(Path.cwd()))}
ExecStart={command}
TimeoutStartSec={job.time_limit:g}
KillMode=mixed
"""
        if job.cron is not None:
            files[f"{name}.timer"] = f"""[Unit]
Description=aislemap: when to ingest {_specifiers(_plain(job.name))}

[Timer]
OnCalendar={calendar(job)}
Persistent=true

[Install]
WantedBy=timers.target
"""
        if job.watch:
            files[f"{name}.path"] = f"""[Unit]
Description=aislemap: what to watch for {_specifiers(_plain(job.name))}

[Path]
PathChanged={_specifiers(str(job.watch.resolve()))}

[Install]
WantedBy=paths.target
"""
    return files


def calendar(job: Job) -> str:
    """The times of a job as systemd writes them: 'Mon,Tue *-*-* 02:30:00 Europe/Paris'."""
    found = times(job)
    assert found, "a job without cron has no calendar"
    field = {
        name: "*" if numbers is None else ",".join(f"{number:02d}" for number in numbers)
        for name, numbers in found.numbers.items()
    }
    weekdays = found.numbers["weekday"]
    days = "" if weekdays is None else ",".join(DAYS[day].capitalize() for day in weekdays) + " "
    return f"{days}*-{field['month']}-{field['day']} {field['hour']}:{field['minute']}:00 {job.timezone}"


def kubernetes(jobs: tuple[Job, ...], path: Path) -> dict[str, str]:
    """A CronJob for each job, over claims and a config map that a person makes; one YAML file."""
    documents = []
    for job in jobs:
        if job.cron is None:
            documents.append(f"# {_plain(job.name)}: Kubernetes watches no folder ({_plain(job.watch)}).\n")
            continue
        claims = {"store": job.store.resolve(), "catalogue": job.catalogue.resolve().parent}
        if job.images and not job.images.resolve().is_relative_to(claims["catalogue"]):
            claims["images"] = job.images.resolve()
        name = slug(job.name)
        mounts = [
            {"name": claim, "mountPath": str(place), "readOnly": claim != "store"} for claim, place in claims.items()
        ]
        volumes = [{"name": claim, "persistentVolumeClaim": {"claimName": f"aislemap-{claim}"}} for claim in claims]
        config = {"name": "config", "mountPath": str(path.parent), "readOnly": True}
        container = {
            "name": "ingest",
            "image": IMAGE,
            "args": _arguments(job, path),
            "volumeMounts": [*mounts, config],
        }
        pod = {
            "restartPolicy": "Never",
            "activeDeadlineSeconds": max(1, round(job.time_limit)),
            "containers": [container],
            "volumes": [*volumes, {"name": "config", "configMap": {"name": "aislemap-config"}}],
        }
        cron_job = {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": {"name": f"aislemap-{name}"},
            "spec": {
                "schedule": job.cron,
                "timeZone": job.timezone,
                "concurrencyPolicy": "Replace" if job.overlap == "replace" else "Forbid",
                "startingDeadlineSeconds": round(job.misfire_grace),
                "jobTemplate": {"spec": {"backoffLimit": job.retries, "template": {"spec": pod}}},
            },
        }
        documents.append(_yaml(cron_job))
    head = "# Make the claims aislemap-store, aislemap-catalogue, ... and the config map aislemap-config first.\n"
    return {"aislemap-cronjobs.yaml": head + "".join(f"---\n{document}" for document in documents)}


def airflow(jobs: tuple[Job, ...], path: Path) -> dict[str, str]:
    """A DAG of one task for each job, in one Python file for Airflow 3."""
    dags = []
    for job in jobs:
        when = f"{job.cron!r}" if job.cron else f"None,  # Airflow watches no folder: {_plain(job.watch)}"
        dags.append(f"""
with DAG(
    {f"aislemap-{slug(job.name)}"!r},
    schedule={when}{"," if job.cron else ""}
    start_date=pendulum.datetime(2026, 1, 1, tz={job.timezone!r}),
    catchup=False,
    max_active_runs=1,
):
    BashOperator(
        task_id="ingest",
        bash_command={shlex.join(_command(job, path)) + " "!r},
        cwd={str(Path.cwd())!r},
        retries={job.retries},
        retry_delay=timedelta(seconds={job.retry_wait:g}),
        retry_exponential_backoff=True,
        execution_timeout=timedelta(seconds={job.time_limit:g}),
    )
""")
    head = '''"""The jobs of aislemap, as `aislemap schedule export --to airflow` wrote them."""

from datetime import timedelta

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG
'''
    return {"aislemap_dags.py": head + "".join(dags)}


FORMS: dict[str, Callable[[tuple[Job, ...], Path], dict[str, str]]] = {
    "cron": cron,
    "systemd": systemd,
    "kubernetes": kubernetes,
    "airflow": airflow,
}


def slug(name: str) -> str:
    """A name as units, CronJobs and DAGs take it: lower case, digits and '-', at most 40 characters."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-") or "job"


def _arguments(job: Job, path: Path) -> list[str]:
    images = ["--images", str(job.images.resolve())] if job.images else []
    return [
        "ingest",
        str(job.catalogue.resolve()),
        *images,
        "--store",
        str(job.store.resolve()),
        "--config",
        str(path),
    ]


def _command(job: Job, path: Path) -> list[str]:
    return [shutil.which("aislemap") or "aislemap", *_arguments(job, path)]


def _plain(text: object) -> str:
    """A text on one line, as a comment needs it."""
    return re.sub(r"[^\S ]|[\x00-\x1f\x7f-\x9f]", " ", str(text))


def _specifiers(text: str) -> str:
    return text.replace("%", "%%")  # systemd's own escape


def _quoted(word: str) -> str:
    """A word of a systemd command line."""
    escaped = _specifiers(word).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{escaped}"' if re.search(r"[^\w@%+=:,./$-]", word) else escaped


def _yaml(value: object, indent: int = 0) -> str:
    """Tables and lists as YAML blocks; what is in them as JSON, which YAML contains."""
    space = "  " * indent
    if isinstance(value, dict):
        return "".join(
            f"{space}{key}:\n{_yaml(part, indent + 1)}"
            if isinstance(part, dict | list)
            else f"{space}{key}: {json.dumps(part)}\n"
            for key, part in value.items()
        )
    assert isinstance(value, list)
    lines = []
    for part in value:
        block = _yaml(part, indent + 1) if isinstance(part, dict) else f"{space}  {json.dumps(part)}\n"
        lines.append(f"{space}- {block[len(space) + 2 :]}")
    return "".join(lines)
