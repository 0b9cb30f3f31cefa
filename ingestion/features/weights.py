"""Pretrained weights: a path from the user, the embedded encoders, fingerprints, and whether a hub answers."""

import hashlib
import json
import re
import threading
import urllib.error
import urllib.request
from itertools import takewhile
from pathlib import Path

from ingestion.features.base import Model
from store.errors import MethodUnavailable

BLOCK = 1 << 20
EMBEDDED = Path(__file__).parent / "embedded"
"""The encoders that are part of aislemap: weights, a record and a card of each."""
HUB_SECONDS = 8.0
"""How long a hub may take to answer at all: below the ten seconds after which a person gives up waiting."""
UNKNOWN = "unknown"
"""The licence of weights that come without one."""
SHA256 = r"^[0-9a-f]{64}$"


def existing(method: str, path: Path) -> Path:
    """The weights that the user named, made absolute. MethodUnavailable if nothing is there."""
    found = path.expanduser().absolute()
    if not found.exists():
        raise MethodUnavailable(
            f"The weights of {method} are not at {found}.", f"Correct the path in [methods.{method}] weights."
        )
    return found


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes; of a folder, that of the sorted lines '<sha256 of file>  <relative path>'.

    Read in blocks of 1 MiB, so a model of any size costs no memory.
    """
    if path.is_dir():
        files = sorted(p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file())
        listing = "".join(f"{sha256_of(path / name)}  {name}\n" for name in files)
        return hashlib.sha256(listing.encode()).hexdigest()
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files below a folder."""
    return sum(p.stat().st_size for p in ([path] if path.is_file() else path.rglob("*")) if p.is_file())


def on_disk(name: str, source: str, licence: str, path: Path, dimensions: int | None = None) -> Model:
    """The Model of weights that lie at `path`, with their fingerprint and size."""
    return Model(name, source, licence, sha256_of(path), path, size_of(path), dimensions)


def pinned(method: str, model: Model, expected: str | None) -> Model:
    """The model, if its weights have the fingerprint that the settings give, or they give none; else MethodUnavailable.

    Weights that are not on this machine yet have none: who fetches them asks again.
    """
    if expected is not None and model.weights is not None and model.sha256 != expected:
        raise MethodUnavailable(
            f"The weights of {method} at {model.weights} have sha256 {model.sha256}, not {expected}; not loaded.",
            f"Fetch them anew, or correct [methods.{method}] sha256 if they were changed on purpose.",
        )
    return model


def licence_of(folder: Path) -> str:
    """The licence that the card of a model (README.md of a hub's folder) names, or `UNKNOWN`."""
    try:
        lines = (folder / "README.md").read_text(encoding="utf-8", errors="replace")[:BLOCK].splitlines()
    except OSError:
        return UNKNOWN
    if not lines or lines[0].strip() != "---":
        return UNKNOWN
    head = takewhile(lambda line: line.strip() != "---", lines[1:])
    found = (re.fullmatch(r"license:\s*[\"']?([\w.+-]{1,60})[\"']?\s*", line) for line in head)
    return next((match[1] for match in found if match), UNKNOWN)


def embedded(method: str, name: str) -> Model:
    """The embedded encoder of that name. MethodUnavailable if its weights are not, byte for byte, those recorded."""
    remedy = f"Install aislemap again, or give other weights in [methods.{method}] weights."
    try:
        record = json.loads((EMBEDDED / f"{name}.json").read_text(encoding="utf-8"))
        path = EMBEDDED / record["file"]
        model = on_disk(name, "embedded", record["licence"], path, record["dimensions"])
        expected = record["sha256"]
    except (OSError, ValueError, KeyError) as error:
        raise MethodUnavailable(f"The embedded {name} in {EMBEDDED} cannot be read ({error}).", remedy) from error
    if model.sha256 != expected:
        raise MethodUnavailable(
            f"The embedded {name} at {path} was changed (sha256 {model.sha256}, recorded {expected}).", remedy
        )
    return model


def require_hub(method: str, model: str, address: str, seconds: float = HUB_SECONDS) -> None:
    """Return if the hub at `address` answers at all within `seconds`; else MethodUnavailable, with the remedy.

    The clients of the hubs retry for minutes, and a name look-up has no time limit: hence one request, made
    in a thread that can be abandoned.
    """
    failure: list[str] = ["no answer"]

    def ask() -> None:
        try:
            with urllib.request.urlopen(urllib.request.Request(address, method="HEAD"), timeout=seconds):  # noqa: S310
                failure.clear()
        except urllib.error.HTTPError as error:
            if error.code in {403, 407} or error.code >= 500:  # a proxy or a gateway that lets nothing through
                failure[:] = [f"HTTP {error.code}"]
            else:
                failure.clear()
        except OSError as error:
            failure[:] = [str(getattr(error, "reason", error))]

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(seconds)
    if failure:
        raise MethodUnavailable(
            f"The model {model!r} of {method} is not on this machine and its hub at {address} cannot be reached "
            f"({failure[0]}).",
            f"Connect once, or give the weights by path in [methods.{method}] weights.",
        )
