"""The set-up: one environment, the same everywhere, made by commands that are listed."""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from store.lock import LOG_LOCK

ROOT = Path(__file__).parents[1]


def pins(name: str) -> dict[str, str]:
    lines = [line for line in (ROOT / name).read_text().splitlines() if not line.startswith(("#", " "))]
    return dict(line.removesuffix(" \\").split("==") for line in lines)


def tracked_texts() -> Iterator[tuple[str, str]]:
    try:
        listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs git and a checkout, to know which files are tracked")
    for name in filter(None, listing.split("\0")):
        try:
            yield name, (ROOT / name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):  # an image; a file just moved
            continue


def test_every_requirement_is_pinned_to_a_version_it_allows() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    running, all_pins = pins("requirements.lock"), pins("requirements.lock") | pins("requirements-dev.lock")
    for text, locked in [(text, running) for text in project["dependencies"]] + [
        (text, all_pins) for extra in project["optional-dependencies"].values() for text in extra
    ]:
        wanted = Requirement(text)
        version = locked.get(canonicalize_name(wanted.name))
        assert version is not None, f"{wanted} is not in the lock: make lock"
        assert wanted.specifier.contains(version), f"{wanted} does not allow the locked {version}: make lock"


def test_every_locked_file_is_named_by_its_hash() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        blocks = re.split(r"\n(?=\S)", (ROOT / name).read_text())
        assert [block for block in blocks if not block.startswith("#") and "--hash=sha256:" not in block] == []


def test_torch_has_a_hash_for_each_python_and_processor() -> None:
    (block,) = re.findall(r"^torch==(?:.*\\\n)*.*$", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    hashes = re.findall("--hash=sha256:([0-9a-f]{64})", block)
    assert len(set(hashes)) == len(hashes) >= 4, "Python 3.11 and 3.12, x86-64 and ARM"


def test_set_up_checks_the_hashes() -> None:
    for name in ("scripts/setup.sh", "Dockerfile"):
        assert "pip sync --require-hashes" in (ROOT / name).read_text()
    assert "pip install -qq --disable-pip-version-check --require-hashes" in (ROOT / "scripts/setup.sh").read_text()


def test_no_package_is_in_both_locks() -> None:
    assert not pins("requirements.lock").keys() & pins("requirements-dev.lock").keys()


def test_the_locks_hold_neither_cuda_nor_the_full_tensorflow() -> None:
    locked = pins("requirements.lock") | pins("requirements-dev.lock")
    assert locked["torch"].endswith("+cpu")
    assert "tensorflow-cpu" in locked
    assert not [name for name in locked if name in {"tensorflow", "triton"} or name.startswith(("nvidia-", "cuda-"))]


def test_the_installed_torch_and_tensorflow_are_the_cpu_builds() -> None:
    assert metadata.version("torch").endswith("+cpu")
    with pytest.raises(metadata.PackageNotFoundError):
        metadata.version("tensorflow")


def test_make_alone_lists_every_target_with_a_line() -> None:
    targets = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert targets is not None
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    assert re.findall(r"^([\w-]+) +\S.*$", listed, re.MULTILINE) == targets[1].split()


def test_no_file_names_a_path_of_one_machine_or_a_registry() -> None:
    places = re.compile(r"(?<![\w.}-])/(work|root|tmp|opt/(wheels|pypi))/")
    hosts = re.compile(r"\b(pypi|pythonhosted)\.org\b")
    for name, text in tracked_texts():
        for found in (*places.finditer(text), *hosts.finditer(text)):
            pytest.fail(f"{name}, line {text.count(chr(10), 0, found.start()) + 1}, names {found[0]!r}")


@pytest.mark.parametrize("script", [".ci/run", "scripts/setup.sh", "scripts/lock.sh", "scripts/chromium.sh"])
def test_a_script_stops_at_its_first_failure(script: str) -> None:
    assert "\nset -euo pipefail\n" in (ROOT / script).read_text()
    assert (ROOT / script).stat().st_mode & 0o100, f"{script} cannot be executed: chmod +x"


def test_the_image_and_the_environment_are_made_by_the_same_uv() -> None:
    assert f"uv=={pins('requirements-dev.lock')['uv']} " in (ROOT / "Dockerfile").read_text()


def test_only_ingestion_may_write_to_the_volume_of_both_services() -> None:
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())
    assert list(compose["volumes"]) == ["store"]
    assert compose["services"]["dashboard"]["volumes"] == ["store:/store:ro"]
    assert "store:/store" in compose["services"]["ingestion"]["volumes"]


def test_with_reviewers_the_dashboard_may_write_the_logs_alone() -> None:
    """Compose joins the volumes of both files, and takes the command of the second."""
    review = yaml.safe_load((ROOT / "compose.review.yaml").read_text())["services"]
    assert list(review) == ["dashboard"]
    (volume,) = review["dashboard"]["volumes"]
    assert volume == {"type": "volume", "source": "store", "target": "/store/log", "volume": {"subpath": "log"}}
    assert "--no-login" not in review["dashboard"]["command"]
    assert f"/store/{LOG_LOCK}".startswith(f"{volume['target']}/")
    assert " /store /store/log\n" in (ROOT / "Dockerfile").read_text(), "an empty volume has the folder"


def test_the_image_has_a_health_check_and_does_not_run_as_root() -> None:
    last_stage = (ROOT / "Dockerfile").read_text().split("\nFROM ")[-1]
    assert re.search(r"^USER [1-9]\d*$", last_stage, re.MULTILINE)
    assert "\nHEALTHCHECK " in last_stage


def test_every_file_that_the_guide_names_is_there() -> None:
    named = re.findall(r"`((?:store|ingestion|dashboard|tests)/[\w./]*)`", (ROOT / "CONTRIBUTING.md").read_text())
    assert named
    assert not [name for name in named if not (ROOT / name).exists()]


def test_the_guide_shows_every_folder_of_the_packages() -> None:
    tree = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("```")[1]
    shown = set(re.findall(r"\b(\w+)/(?= )", tree))
    folders = {p.parent for name in ("store", "ingestion", "dashboard") for p in (ROOT / name).rglob("*.py")}
    assert {folder.name for folder in folders} <= shown


def test_the_guide_shows_the_layers_that_the_contract_holds() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (layers,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    assert "\n".join(["```", *layers, "```"]) in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
