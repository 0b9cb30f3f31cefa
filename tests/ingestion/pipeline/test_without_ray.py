"""Ray is an option: who does not ask for it needs no package of it, and waits for none."""

import subprocess
import sys
from pathlib import Path

import pytest

import aislemap
from tests.ingestion import shop

PROJECT = Path(__file__).resolve().parents[3]
EVERY_MODULE = """
import importlib, pkgutil, sys
import aislemap, dashboard, ingestion, store
from ingestion.config import Config
from ingestion.pipeline.ingest import start_engine

RAYS = "ingestion.pipeline.ray_engine", "ingestion.pipeline.ray_cluster"
for package in (dashboard, ingestion, store):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if module.name not in RAYS and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
start_engine(Config()).close()
print([name for name in sys.modules if name.split(".")[0] == "ray"])
"""


def test_without_the_option_ray_is_not_imported() -> None:
    done = subprocess.run([sys.executable, "-c", EVERY_MODULE], cwd=PROJECT, check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"


def test_without_the_package_one_sentence_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "ingestion.pipeline.ray_engine", raising=False)
    catalogue, _ = shop.make(tmp_path)
    command = ["aislemap", "ingest", str(catalogue), "--store", str(tmp_path / "store")]
    monkeypatch.setattr(sys, "argv", [*command, "--engine", "ray", "--ray-address", "first:6379"])
    with pytest.raises(SystemExit) as ended:
        aislemap.main()
    printed = "aislemap: The engine ray needs a package that is not installed: pip install aislemap[ray]\n"
    assert (ended.value.code, capsys.readouterr().err) == (3, printed)
