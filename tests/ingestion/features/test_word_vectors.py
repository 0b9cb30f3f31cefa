"""word2vec, fasttext and glove: word vectors learnt or looked up, and pooled to vectors of products."""

import gzip
import os
import subprocess
import sys
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest

from ingestion.features import documents, glove, weights
from ingestion.features.glove import read_vectors
from ingestion.features.registry import build
from store.chunks import Chunks
from store.errors import MethodUnavailable, StepFailed
from store.root import Root

ROOT = Path(__file__).parents[3]
LEARNT = pytest.mark.parametrize("name", ["word2vec", "fasttext"])
ENOUGH = {"dimensions": 20}


@pytest.fixture
def vectors_file(tmp_path: Path) -> Path:
    """Six words in GloVe's text format: words of the kitchen to one side, of the wrist to the other."""
    rows = {"mug": (1, 0.1, 0), "cup": (0.9, 0.2, 0), "tea": (1, 0, 0.1), "watch": (0, 1, 0), "dial": (0.1, 1, 0)}
    path = tmp_path / "six.txt"
    path.write_text("".join(f"{w} {' '.join(map(str, v))}\n" for w, v in rows.items()) + ". . . 0 0 1\n")
    return path


@LEARNT
def test_products_of_one_category_are_nearest_to_each_other(name, run, make_inputs, three_categories, purity):
    result = run(build(name, ENOUGH), make_inputs(three_categories))
    assert result.ids == [i for i, _ in three_categories]
    assert purity(result.ids, result.vectors) > 0.95
    assert np.allclose(np.linalg.norm(result.vectors, axis=1), 1, atol=1e-4)
    assert result.progress[-1] == (60, 60)


@LEARNT
def test_two_processes_give_the_same_vectors_whatever_the_hash_seed(name):
    code = (
        "import sys, hashlib; import numpy as np\n"
        "from ingestion.features.base import Inputs, Text\n"
        "from ingestion.features.registry import build\n"
        "rows = [Text(str(i), '', f'word{i % 7} word{i % 5} thing{i % 3} mug watch') for i in range(40)]\n"
        "inputs = Inputs(lambda: iter(rows), 40, lambda: iter(()), 0, lambda m: ([], None))\n"
        f"method = build({name!r}, {{'dimensions': 10, 'epochs': 10}})\n"
        "batches = list(method.embed(method.resolve(), inputs, lambda done, total: None))\n"
        "print(hashlib.sha256(b''.join(b.vectors.tobytes() for b in batches)).hexdigest())"
    )
    seen = set()
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        answer = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        seen.add(answer.stdout)
    assert len(seen) == 1


def test_word2vec_reports_a_product_of_unknown_words(run, make_inputs, three_categories):
    result = run(build("word2vec", ENOUGH), make_inputs([*three_categories, ("x", "xylophone"), ("y", "")]))
    assert [(i.product_id, i.problem) for i in result.issues] == [("x", "no known word"), ("y", "no known word")]
    assert not {"x", "y"} & set(result.ids)


def test_fasttext_makes_an_unknown_word_of_its_letter_groups(run, make_inputs, three_categories):
    result = run(build("fasttext", ENOUGH), make_inputs([*three_categories, ("watch99", "watches straps dialled")]))
    new = result.vectors[result.ids.index("watch99")]
    similarity = {k: np.mean([new @ v for i, v in zip(result.ids, result.vectors, strict=True) if i.startswith(k)])
                for k in ("mug", "sheet")}  # fmt: skip
    own = np.mean([new @ v for i, v in zip(result.ids[:-1], result.vectors[:-1], strict=True) if i.startswith("watch")])
    assert own > max(similarity.values())


@LEARNT
@pytest.mark.parametrize("texts", [[], [("a", "red"), ("b", "blue")]])
def test_a_catalogue_without_a_repeated_word_fails_with_the_reason(name, texts, run, make_inputs):
    with pytest.raises(StepFailed, match=f"{name}: in {len(texts)} texts no word stands 2 times"):
        run(build(name, {}), make_inputs(texts))


@pytest.mark.parametrize(("smoothing", "lean"), [(None, 1), (1e-2, 30)])
def test_a_rare_word_outweighs_a_common_one_under_smoothing(smoothing, lean, make_inputs):
    """'mug' stands in one product, 'the' in all 51."""
    known = {"mug": np.array([1, 0], np.float32), "the": np.array([0, 1], np.float32)}
    inputs = make_inputs([("a", "the mug"), *((str(n), "the") for n in range(50))])
    settings = documents.PoolingSettings(smoothing=smoothing)
    first = next(documents.embed(settings, known.get, inputs, lambda done, total: None)).vectors[0]
    assert first[0] / first[1] == pytest.approx(lean, rel=0.2)


def test_word_vectors_of_another_language_fail_with_the_reason(run, make_inputs, vectors_file):
    with pytest.raises(StepFailed, match="none of the 2 words of the catalogue"):
        run(build("glove", {"weights": str(vectors_file)}), make_inputs([("a", "tasse"), ("b", "montre")]))


@pytest.mark.parametrize("form", ["glove", "glove.gz", "word2vec", "word2vec binary"])
def test_glove_reads_every_format_of_word_vectors(form, vectors_file, tmp_path):
    path = vectors_file
    if form == "glove.gz":
        path = tmp_path / "six.gz"
        path.write_bytes(gzip.compress(vectors_file.read_bytes()))
    elif form == "word2vec":
        path.write_text(f"6 3\n{vectors_file.read_text()}")
    elif form == "word2vec binary":
        path = tmp_path / "six.bin"
        rows = [line.rsplit(" ", 3) for line in vectors_file.read_text().splitlines()]
        body = b"".join(w.replace(" ", "_").encode() + b" " + np.array(v, np.float32).tobytes() for w, *v in rows)
        path.write_bytes(b"6 3\n" + body)
    found = read_vectors(path, {"cup", "dial", "absent"})
    assert set(found) == {"cup", "dial"}
    assert found["cup"].tolist() == pytest.approx([0.9, 0.2, 0])


def test_glove_embeds_and_reports_products_of_unknown_words(run, make_inputs, vectors_file, purity):
    texts = [("mug1", "mug tea"), ("mug2", "cup"), ("watch1", "watch"), ("watch2", "dial watch"), ("x", "xylophone")]
    result = run(build("glove", {"weights": str(vectors_file)}), make_inputs(texts))
    assert purity(result.ids, result.vectors) == 1
    assert [i.product_id for i in result.issues] == ["x"]
    assert result.model.sha256 == weights.sha256_of(vectors_file)


@pytest.mark.parametrize("content", [b"", b"\x80\x04\x95 a pickle", b"not word vectors\nat all\n", b"6 3\nmug 1 0\n"])
def test_a_file_that_holds_no_word_vectors_is_named(content, tmp_path):
    path = tmp_path / "odd.txt"
    path.write_bytes(content)
    with pytest.raises(MethodUnavailable, match=r"odd\.txt cannot be read as word vectors"):
        read_vectors(path, {"mug"})


def test_glove_whose_hub_cannot_be_reached_ends_in_one_sentence(monkeypatch, run, make_inputs, tmp_path):
    from gensim import downloader

    monkeypatch.setenv("GENSIM_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(downloader, "DATA_LIST_URL", "http://127.0.0.1:9/list.json")
    with pytest.raises(MethodUnavailable, match=r"'glove-wiki-gigaword-100'.*cannot be reached.*weights"):
        run(build("glove", {"model": "glove-wiki-gigaword-100"}), make_inputs([("a", "mug")]))


def test_a_hub_that_accepts_and_never_answers_is_given_up():
    release = threading.Event()

    class Silent(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            release.wait(30)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Silent)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        with pytest.raises(MethodUnavailable, match="cannot be reached"):
            weights.require_hub("bert", "some-model", f"http://127.0.0.1:{server.server_port}/", seconds=0.2)
    finally:
        release.set()
        server.shutdown()
        serving.join()
        server.server_close()


def test_the_fingerprint_of_a_folder_changes_with_a_name_and_with_a_byte(tmp_path):
    (tmp_path / "a").write_text("one")
    seen = {weights.sha256_of(tmp_path)}
    (tmp_path / "a").write_text("two")
    seen.add(weights.sha256_of(tmp_path))
    (tmp_path / "a").rename(tmp_path / "b")
    seen.add(weights.sha256_of(tmp_path))
    assert len(seen) == 3


def test_glove_reads_its_file_only_for_new_texts(run, make_inputs, vectors_file, tmp_path, monkeypatch):
    read = []
    monkeypatch.setattr(glove, "read_vectors", lambda *given: read.append(given) or read_vectors(*given))

    def vectors(texts, recipe="a" * 32):
        inputs = replace(make_inputs(texts), chunks=Chunks(Root(tmp_path / "store"), recipe))
        return run(build("glove", {"weights": str(vectors_file)}), inputs)

    texts = [("a", "mug cup"), ("b", "watch"), ("c", "qqq")]
    vectors(texts)
    kept = vectors(texts[::-1])
    assert len(read) == 1
    assert [issue.product_id for issue in kept.issues] == ["c"]
    more = [*texts, ("d", "cup")]
    assert np.array_equal(vectors(more).vectors, vectors(more, "b" * 32).vectors)
    assert len(read) == 3
