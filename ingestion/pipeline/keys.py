"""The key that names a step's result: what is unchanged is not computed again.

The key is a hash over the step's parameters, its source code and that of everything of ours it imports, the versions
of the packages it uses, and the content of what it reads.
"""

import ast
import hashlib
import importlib.metadata
import json
import os
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
        name = os.fsencode(path.relative_to(folder).as_posix())  # it need not be UTF-8
        digest.update(b"%b\0%d\0%d\n" % (name, stat.st_size, stat.st_mtime_ns))
    return digest.hexdigest()


@cache
def code_hash(module: str) -> str:
    """A hash of a module's source, of all of our modules it imports, and of the versions of the packages they use."""
    ours, packages, wanted = {}, set[str](), [module]
    while wanted:
        name = wanted.pop()
        if name not in ours and (source := _source(name)):
            ours[name], imported = source
            wanted += [found for found in imported if found.split(".")[0] in OURS]
            packages |= {found.split(".")[0] for found in imported if found.split(".")[0] not in OURS}
    versions = set().union(*map(_versions, packages))
    return hashlib.sha256(json.dumps([sorted(ours.items()), sorted(versions)]).encode()).hexdigest()


@cache
def _source(module: str) -> tuple[str, list[str]] | None:
    """The hash of a module's source, and what it imports, anywhere in it; None for a name that is no module of ours."""
    path = PROJECT / (module.replace(".", "/") + ".py")
    if not path.is_file():
        return None
    source, imported = path.read_bytes(), []
    nodes: list[ast.AST] = [ast.parse(source)]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.ImportFrom) and node.module:
            imported += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            imported += [alias.name for alias in node.names]
        else:  # an import is a statement, so expressions need not be looked through
            nodes += [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr)]
    return hashlib.sha256(source).hexdigest(), imported


@cache
def _versions(name: str) -> set[str]:
    return {f"{d} {importlib.metadata.version(d)}" for d in _distributions().get(name, [])}


@cache
def _distributions() -> dict[str, list[str]]:
    return {name: sorted(set(found)) for name, found in importlib.metadata.packages_distributions().items()}
