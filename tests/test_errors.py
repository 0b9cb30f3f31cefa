"""The tree of errors: drawn as it is, with an exit code for each, and able to cross process borders."""

import inspect
import pickle
import re

import pytest

import aislemap
from store import errors
from store.errors import AislemapError, MethodUnavailable

CLASSES = [error_type for _, error_type in inspect.getmembers(errors, inspect.isclass)]
LINE = re.compile(r"^ {4}(?P<depth>[│├└─ ]*)(?P<name>[A-Z]\w+)(?: +exit (?P<code>\d+))?", re.MULTILINE)


def test_the_tree_in_the_docstring_is_the_tree_in_the_code() -> None:
    drawn: list[tuple[str, str, int]] = []
    path: list[tuple[str, int]] = []
    for line in LINE.finditer(errors.__doc__ or ""):
        depth = len(line["depth"]) // 4
        parent, inherited = path[depth - 1] if depth else ("Exception", 0)
        code = int(line["code"] or inherited)
        path[depth:] = [(line["name"], code)]
        drawn.append((line["name"], parent, code))
    assert sorted(drawn) == sorted((k.__name__, k.__bases__[0].__name__, k.exit_code) for k in CLASSES)


@pytest.mark.parametrize("error_type", CLASSES)
def test_an_error_crosses_a_process_border_whole(error_type: type[AislemapError]) -> None:
    error = (
        error_type("No weights.", "Give a path.")
        if issubclass(error_type, MethodUnavailable)
        else error_type("What, and the remedy.")
    )
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is error_type
    assert str(back) == str(error)
    assert vars(back) == vars(error)


def test_an_unavailable_method_says_the_reason_and_the_remedy() -> None:
    error = MethodUnavailable("No weights for use.", "Give --weights use=PATH.")
    assert str(error) == "No weights for use. Give --weights use=PATH."
    assert (error.reason, error.remedy) == ("No weights for use.", "Give --weights use=PATH.")


def test_the_help_documents_every_exit_code() -> None:
    documented = {int(code) for code in re.findall(r"(?:: |; )(\d+) ", aislemap.EPILOG)}
    assert documented == {0, 2, 130, 143} | {error_type.exit_code for error_type in CLASSES}
