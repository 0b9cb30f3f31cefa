"""The key that names a step's result: what is unchanged is not computed again.

The key is a hash over the step's parameters, its source code and that of everything of ours it imports, the versions
of the packages it uses, and the content of what it reads.
"""

import ast
import hashlib
import importlib.metadata
import json
from functools import cache
from pathlib import Path
from typing import Any

from ingestion.task import Step
from store.parts import Part

PROJECT = Path(__file__).resolve().parent.parent.parent
OURS = ("ingestion", "store")


def key(step: Step, parts: dict[str, Part]) -> str:
    """The name of the step's result, given the parts it reads: 32 hexadecimal digits."""
    content = {
        name: {table: file.sha256 for table, file in part.files.items() if table != "issues"}
        for name, part in parts.items()
    }
    return _hash([recipe(step), step.files, content])


def recipe(step: Step) -> str:
    """The name of all that the step's result depends on but its inputs: 32 hexadecimal digits."""
    code = [code_hash(module) for module in (step.function.__module__, *step.code)]
    return _hash([step.name, step.function, step.parameters, step.stamp, code])


def _hash(everything: list[Any]) -> str:
    return hashlib.sha256(json.dumps(everything, sort_keys=True, default=_reference).encode()).hexdigest()[:32]


def _reference(value: Any) -> str:
    """A function or class by where it stands, as pickle names it."""
    return f"{value.__module__}:{value.__qualname__}"


def listing(folder: Path) -> str:
    """A hash of the names, sizes and times of a folder's files: which images there are, without reading them."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        stat = path.stat()
        digest.update(f"{path.relative_to(folder).as_posix()}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


@cache
def code_hash(module: str) -> str:
    """A hash of a module's source, of all of our modules it imports, and of the versions of the packages they use."""
    ours, packages = _imports(module, {})
    sources = [(name, hashlib.sha256(ours[name]).hexdigest()) for name in sorted(ours)]
    return hashlib.sha256(json.dumps([sources, sorted(packages)]).encode()).hexdigest()


def _imports(module: str, seen: dict[str, bytes]) -> tuple[dict[str, bytes], set[str]]:
    path = PROJECT / (module.replace(".", "/") + ".py")
    if module in seen or not path.is_file():
        return seen, set()
    seen[module] = path.read_bytes()
    packages: set[str] = set()
    for node in ast.walk(ast.parse(seen[module])):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            if name.split(".")[0] in OURS:
                packages |= _imports(name, seen)[1]
            else:
                packages |= _versions(name.split(".")[0])
    return seen, packages


@cache
def _versions(name: str) -> set[str]:
    return {f"{d} {importlib.metadata.version(d)}" for d in _distributions().get(name, [])}


@cache
def _distributions() -> dict[str, list[str]]:
    return {name: sorted(set(found)) for name, found in importlib.metadata.packages_distributions().items()}
