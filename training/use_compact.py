r"""The recipe of use-compact: a deep averaging network that imitates all-MiniLM-L6-v2, at a fraction of its cost.

The student is the DAN variant of the Universal Sentence Encoder (Cer et al. 2018, after Iyyer et al. 2015): the
embeddings of a text's words and word pairs are summed, and a small feed-forward net makes 512 floats of the sum.
Pairs are hashed into buckets; a word outside the vocabulary is spelled by its hashed character trigrams (Bojanowski
et al. 2017), so that nothing is lost. Tokenising happens inside the TensorFlow graph and is the same in training.

The sum is a weighted one, and it is made twice, because a plain one is diluted by the boilerplate of a long text. First
each row has a learned weight of its own, started from the word's rarity (Arora et al. 2017). This sum is the topic of
the text; in the second, a row's weight also depends on how it fits that topic, by a learned matrix (attention with
the text's average as its query, as in He et al. 2017, "An Unsupervised Neural Attention Model for Aspect Extraction").
The feed-forward net gets both sums.

The teacher (sentence-transformers, Reimers & Gurevych 2019) gives 384 floats. A fixed, seeded map with orthonormal
rows carries them to 512 without changing any cosine. The loss is one minus the cosine to the teacher's vector, plus
the squared difference of the batch's similarity matrices (relational distillation, Park et al. 2019). The word
embeddings start from the teacher's own vectors of the single words (as in Model2Vec, Tulkens & van Dongen 2024).

Held out: 5 % of the distinct titles with all that is made of them; every choice was made on those.

    python -m training.use_compact --texts encoder_texts.csv.gz --out build/encoders
"""

import json
import logging
import re
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from ingestion.features import registry
from ingestion.features.weights import sha256_of
from store.errors import AislemapError
from training import recipe
from training.recipe import SEED, Matrix
from training.use_texts import Product, long_texts, read, title_halves

NAME = "use-compact"
DIM_OUT, DIM_WORD, DIM_HIDDEN = 512, 192, 960
WORDS, PAIR_BUCKETS, GRAM_BUCKETS = 24_000, 14_000, 8_000  # rows of the one embedding table: 46,000 x 192
MAX_WORDS = 192  # the teacher reads 256 word pieces, which is about as much
LONG_TEXTS, HALF_TITLES = 30_000, 15_000
TEXTS_SHA256 = "31ee3b45373d9083047a4cc82f58de21a81c11f4ec93a63a92ebcb4a3384d09e"
TEACHER_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
EPOCHS, BATCH, RATE = 11, 512, 2e-3
DROP = 0.1  # fraction of a text's table rows that are dropped in training
RELATIONAL = 20.0  # weight of the similarity matrices' loss
log = logging.getLogger(__name__)


class CompactEncoder(tf.Module):  # type: ignore[misc]
    """Texts to unit vectors: `encoder(["red shoes", ...])` -> (n, 512) float32; the interface of USE 4."""

    def __init__(self, vocabulary_file: str, dtype: Any = tf.float32, seed: int = SEED) -> None:
        super().__init__()
        lines = tf.lookup.TextFileIndex
        reader = tf.lookup.TextFileInitializer(
            vocabulary_file, tf.string, lines.WHOLE_LINE, tf.int64, lines.LINE_NUMBER
        )
        self.vocabulary = tf.lookup.StaticHashTable(reader, default_value=-1, experimental_is_anonymous=True)
        normal = np.random.default_rng(seed).standard_normal
        rows = WORDS + PAIR_BUCKETS + GRAM_BUCKETS
        self.table = tf.Variable(normal((rows, DIM_WORD)) * 0.02, dtype=dtype, name="table")
        self.weight = tf.Variable(np.zeros(rows), dtype=dtype, name="weight")  # the logarithm
        self.topic = tf.Variable(np.eye(DIM_WORD), dtype=dtype, name="topic")
        self.w1 = tf.Variable(normal((2 * DIM_WORD, DIM_HIDDEN)) * DIM_WORD**-0.5, dtype=dtype, name="w1")
        self.b1 = tf.Variable(np.zeros(DIM_HIDDEN), dtype=dtype, name="b1")
        self.w2 = tf.Variable(normal((DIM_HIDDEN, DIM_OUT)) * DIM_HIDDEN**-0.5, dtype=dtype, name="w2")
        self.b2 = tf.Variable(np.zeros(DIM_OUT), dtype=dtype, name="b2")

    def tokenise(self, texts: Any) -> tuple[Any, Any]:
        """(n,) strings -> the table rows they use and the text each belongs to: two (m,) int64 tensors."""
        plain = tf.strings.regex_replace(tf.strings.lower(texts, encoding="utf-8"), r"[^\p{L}\p{N}]+", " ")
        words = tf.strings.split(plain)[:, :MAX_WORDS]
        word, owner = words.flat_values, words.value_rowids()
        row = self.vocabulary.lookup(word)
        known = row >= 0
        pairs = tf.strings.ngrams(words, 2, separator=" ")
        pair_row = WORDS + tf.strings.to_hash_bucket_fast(pairs.flat_values, PAIR_BUCKETS)
        spelled = tf.strings.unicode_split("<" + tf.boolean_mask(word, ~known) + ">", "UTF-8")
        grams = tf.strings.ngrams(spelled, 3, separator="")
        gram_row = WORDS + PAIR_BUCKETS + tf.strings.to_hash_bucket_fast(grams.flat_values, GRAM_BUCKETS)
        gram_owner = tf.gather(tf.boolean_mask(owner, ~known), grams.value_rowids())
        rows = tf.concat([tf.boolean_mask(row, known), pair_row, gram_row], 0)
        return rows, tf.concat([tf.boolean_mask(owner, known), pairs.value_rowids(), gram_owner], 0)

    def embed(self, rows: Any, owners: Any, count: Any) -> Any:
        """Sum each text's table rows by weight and again by topic, apply the net: (count, 512) float32."""
        # only what is used is widened to float32
        vectors, weights = (tf.cast(tf.gather(v, rows), tf.float32) for v in (self.table, self.weight))
        matrices = (self.topic, self.w1, self.b1, self.w2, self.b2)
        topic, w1, b1, w2, b2 = (tf.cast(v, tf.float32) for v in matrices)

        def pool(vectors: Any) -> Any:
            # a sum of unit length: dividing by the sum of the weights would change nothing
            return tf.math.l2_normalize(tf.math.unsorted_segment_sum(vectors, owners, count), axis=1)

        vectors *= tf.exp(weights)[:, None]
        once = pool(vectors)
        topic = tf.gather(once @ topic, owners)
        fit = tf.reduce_sum(vectors * topic, axis=1) / tf.maximum(tf.norm(vectors, axis=1), 1e-6)
        vectors *= tf.exp(4 * tf.tanh(fit))[:, None]  # the tanh keeps every weight finite
        pooled = tf.concat([once, pool(vectors)], axis=1)
        # scaled so that each of the pooled vector's entries is about one
        hidden = tf.nn.gelu(DIM_WORD**0.5 * pooled @ w1 + b1)
        return tf.math.l2_normalize(hidden @ w2 + b2, axis=1)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="texts")])  # type: ignore[untyped-decorator]
    def __call__(self, texts: Any) -> Any:
        """(n,) strings -> (n, 512) float32, rows of unit length."""
        rows, owners = self.tokenise(texts)
        return self.embed(rows, owners, tf.size(texts, out_type=tf.int64))


class Corpus(NamedTuple):
    """Texts with the teacher's unit vectors, (n, 384), and the vocabulary with its words' vectors and counts."""

    train: tuple[list[str], Matrix]
    titles: tuple[list[str], Matrix]
    """held out"""
    long: tuple[list[str], Matrix]
    """held out"""
    vocabulary: list[str]
    word_vectors: Matrix
    counts: NDArray[np.int64]


def make_corpus(path: Path, teacher_folder: Path) -> Corpus:
    """Make all texts and compute the teacher's vectors of them, once: the longer half of the work."""
    from sentence_transformers import SentenceTransformer

    # in bfloat16: costs .003 of cosine and halves the time
    teacher = SentenceTransformer(str(teacher_folder), device="cpu").bfloat16()

    def vectors(texts: list[str]) -> Matrix:
        made = teacher.encode(texts, batch_size=64, convert_to_tensor=True, show_progress_bar=False).float().numpy()
        log.info("teacher: %d texts done", len(texts))
        return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), np.float32)

    def whole(products: list[Product]) -> list[str]:
        return [f"{p.title} {p.description}" for p in products if p.description]

    train, held = read(path)
    titles, held_titles = [p.title for p in train], [p.title for p in held]
    title_vectors, held_vectors = vectors(titles), vectors(held_titles)
    vocabulary, counts = _vocabulary(train, teacher_folder)
    word_vectors = vectors(vocabulary)
    long = long_texts(train, title_vectors, LONG_TEXTS, SEED)
    halves = title_halves(train, HALF_TITLES, SEED)
    described = whole(train) + [p.description for p in train if p.description]
    long_vectors, described_vectors = vectors(long), vectors(described)
    held_long = long_texts(held, held_vectors, LONG_TEXTS // 20, SEED + 1) + whole(held)
    parts = [title_vectors, word_vectors, long_vectors, vectors(halves), described_vectors]
    # long texts, such as those in use, count twice
    texts = titles + vocabulary + long + halves + described + long + described
    return Corpus(
        train=(texts, np.concatenate([*parts, long_vectors, described_vectors])),
        titles=(held_titles, held_vectors),
        long=(held_long, vectors(held_long)),
        vocabulary=vocabulary,
        word_vectors=word_vectors,
        counts=counts,
    )


def _vocabulary(products: list[Product], teacher_folder: Path) -> tuple[list[str], NDArray[np.int64]]:
    """The corpus' own words first, then the teacher's whole words, so that unseen everyday words are known too."""
    plain = " ".join([p.title for p in products] + [p.description for p in products]).lower()
    count = Counter(re.sub(r"[\W_]+", " ", plain).split())  # split as the graph does
    pieces = (teacher_folder / "vocab.txt").read_text(encoding="utf-8").split()
    english = [w for w in pieces if re.fullmatch(r"[a-z]{2,}", w)]
    seen = [w for w, c in count.most_common() if c >= 3 and w.isalnum()]
    vocabulary = list(dict.fromkeys(seen[: WORDS // 2] + english + seen))[:WORDS]
    return vocabulary, np.array([count[w] for w in vocabulary])


class Rows:
    """Tokenised texts: the table rows of text i are `rows[bounds[i]:bounds[i + 1]]`."""

    def __init__(self, student: CompactEncoder, texts: list[str]) -> None:
        parts, lengths = [], []
        for at in range(0, len(texts), 4096):
            some = texts[at : at + 4096]
            rows, owners = (t.numpy() for t in student.tokenise(tf.constant(some)))
            parts.append(rows[np.argsort(owners, kind="stable")].astype(np.int32))
            lengths.append(np.bincount(owners, minlength=len(some)))
        self.rows = np.concatenate(parts)
        self.bounds = np.concatenate([[0], np.cumsum(np.concatenate(lengths))])

    def batch(self, which: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The rows of the texts `which` and the position in `which` that each belongs to."""
        lengths = self.bounds[which + 1] - self.bounds[which]
        starts = np.repeat(self.bounds[which] - np.cumsum(lengths) + lengths, lengths)
        return self.rows[starts + np.arange(lengths.sum())], np.repeat(np.arange(len(which)), lengths)


def start_from_words(student: CompactEncoder, corpus: Corpus) -> None:
    """Start the word rows from the teacher's word vectors, reduced, and their weights from their rarity."""
    centred = corpus.word_vectors - corpus.word_vectors.mean(0)
    reduced = centred @ np.linalg.svd(centred[::4], full_matrices=False)[2][:DIM_WORD].T
    reduced /= np.linalg.norm(reduced, axis=1, keepdims=True)
    frequency = (corpus.counts + 1) / (corpus.counts + 1).sum()
    weight = 1e-3 / (1e-3 + frequency)  # smooth inverse frequency, Arora et al. 2017
    student.table[: len(reduced)].assign(reduced.astype(np.float32))
    student.weight[: len(reduced)].assign(np.log(weight).astype(np.float32))


def train(student: CompactEncoder, corpus: Corpus, epochs: int) -> dict[str, dict[str, float]]:
    """Train in place with Adam and a cosine schedule; gives the held-out figures."""
    rng = np.random.default_rng(SEED)
    wide = np.linalg.qr(rng.standard_normal((DIM_OUT, 384)))[0].T.astype(np.float32)  # orthonormal rows
    held = {part: (Rows(student, texts), v @ wide) for part, (texts, v) in _held_out(corpus).items()}
    rows, target = Rows(student, corpus.train[0]), corpus.train[1] @ wide
    variables = student.trainable_variables
    moments = [(tf.Variable(tf.zeros_like(v)), tf.Variable(tf.zeros_like(v))) for v in variables]

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def step(rows: Any, owners: Any, target: Any, step_rate: Any, t: Any) -> Any:
        with tf.GradientTape() as tape:
            made = student.embed(rows, owners, tf.shape(target, out_type=tf.int64)[0])
            cosine = tf.reduce_mean(tf.reduce_sum(made * target, 1))
            similar = tf.matmul(made, made, transpose_b=True) - tf.matmul(target, target, transpose_b=True)
            loss = 1 - cosine + RELATIONAL * tf.reduce_mean(similar**2)
        for v, (m, s), gradient in zip(variables, moments, tape.gradient(loss, variables), strict=True):
            tf.raw_ops.ResourceApplyAdam(
                var=v.handle, m=m.handle, v=s.handle, beta1_power=0.9**t, beta2_power=0.99**t, lr=step_rate,
                beta1=0.9, beta2=0.99, epsilon=1e-8, grad=tf.convert_to_tensor(gradient),
            )  # fmt: skip
        return loss

    def figures() -> dict[str, dict[str, float]]:
        found = {}
        for part, (texts, teacher) in held.items():
            made = student.embed(*texts.batch(np.arange(len(teacher))), len(teacher)).numpy()
            found[part] = {"cosine": float((made * teacher).sum(1).mean()), **recipe.agreement(made, teacher)}
        return found

    steps, done, began = epochs * (len(target) // BATCH), 0, time.monotonic()
    for epoch in range(epochs):
        order, losses = rng.permutation(len(target)), []
        for at in range(0, len(order) - BATCH + 1, BATCH):
            which = order[at : at + BATCH]
            ids, owners = rows.batch(which)
            keep = rng.random(len(ids)) >= DROP  # the teacher saw the whole text
            done += 1
            now = RATE * min(1, done / 200) * 0.5 * (1 + np.cos(np.pi * done / steps))
            inputs = [tf.constant(v) for v in (ids[keep], owners[keep], target[which])]
            losses.append(step(*inputs, tf.constant(now, tf.float32), tf.constant(done, tf.float32)))
        shown = json.dumps(figures()) if epoch % 4 == 3 else ""
        log.info("epoch %d/%d loss %.4f %.0f s %s", epoch + 1, epochs, np.mean(losses), time.monotonic() - began, shown)
    return figures()


def _held_out(corpus: Corpus) -> dict[str, tuple[list[str], Matrix]]:
    return {"titles": corpus.titles, "long": corpus.long}


def save_half(student: CompactEncoder, vocabulary_file: Path, out: Path) -> None:
    """Save as a SavedModel with its weights in half precision; rows are widened when they are used."""
    half = CompactEncoder(str(vocabulary_file), tf.float16)
    for ours, theirs in zip(half.variables, student.variables, strict=True):
        ours.assign(tf.cast(theirs, tf.float16))
    tf.saved_model.save(half, str(out), signatures={"serving_default": half.__call__})


def main(arguments: list[str] | None = None) -> None:
    """Command line: texts in; the SavedModel and its record out."""
    parser = recipe.options(f"Make {NAME}: some 20 minutes on 2 cores.")
    parser.add_argument("--texts", type=Path, required=True, help="encoder_texts.csv.gz")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    args = parser.parse_args(arguments)
    recipe.ensure_absent(args.out, NAME, args.replace)
    teacher = registry.build("bert", {}).resolve()
    if teacher.weights is None or teacher.sha256 is None:
        parser.error("the embedded model of bert, the teacher, has no file")
    texts_sha256 = sha256_of(args.texts)
    recipe.check(texts_sha256, TEXTS_SHA256, str(args.texts), args.other_data)
    recipe.check(teacher.sha256, TEACHER_SHA256, f"the teacher {teacher.name}", args.other_data)
    corpus = make_corpus(args.texts, teacher.weights)
    vocabulary_file = args.out / "vocabulary.txt"
    vocabulary_file.write_text("\n".join(corpus.vocabulary) + "\n", encoding="utf-8")
    student = CompactEncoder(str(vocabulary_file))
    start_from_words(student, corpus)
    figures = train(student, corpus, args.epochs)
    save_half(student, vocabulary_file, args.out / NAME)
    vocabulary_file.unlink()  # the SavedModel keeps its own copy
    recipe.write_record(
        args.out, NAME, NAME, DIM_OUT, {"texts": texts_sha256, f"teacher {teacher.name}": teacher.sha256}, figures
    )


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        main()
    except AislemapError as error:
        raise SystemExit(str(error)) from error
