r"""The recipe of cnn-compact: a small image encoder that imitates MobileNetV2's 1,280 pooled features.

The student is MobileNetV2 1.0 (Sandler et al. 2018) less two of its seventeen blocks, read at 144 instead of 224 px:
under half the time. Its layers start from the teacher's of the same name (as DistilBERT's do, Sanh et al. 2019); what
remains is trained to give the whole teacher's features, by giving both the same views of the same images, strongly
varied ("a good teacher is patient and consistent", Beyer et al. 2022). The teacher runs once on each stored view.

The targets are the means of the teacher's last map over the whole view and over its four quarters, so that one view
gives five target vectors. They are centred and scaled, as features after a ReLU have a large common mean. The
loss is the squared difference plus one minus the cosine.

Held out: 8 % of the images with all their views; every choice was made on those.

    python -m training.cnn_compact --images encoder_images --teacher mobilenet_v2_1.0_224_no_top.h5 \
        --work build/views --out build/encoders
"""

import json
import logging
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingestion.features.cnn_compact import WIDTH, cnn_compact, save_half, use_tensorflow
from ingestion.features.weights import sha256_of
from store.errors import AislemapError
from training import recipe
from training.cnn_views import TEACHER_SIZE, VIEWS_PER_IMAGE, five, list_images, make_views
from training.recipe import SEED, Matrix

NAME = "cnn-compact"
FILE = f"{NAME}.weights.h5"
IMAGES_SHA256 = "97df4cf56b87592335c8b43d848d815532bc11de4728eddcbb3bca05bac8032f"
TEACHER_SHA256 = "9f98e13d0171830d29907330cdba0672d6e3c5716abcfd5981b9591e79fcc66e"
EPOCHS, BATCH, RATE = 2, 32, 5e-4
HELD_OUT = 0.08  # of the images, with all their views
log = logging.getLogger(__name__)


def load_teacher(path: Path) -> Any:
    """MobileNetV2 1.0 at 224 px without its top: (n, 224, 224, 3) in -1..1 -> (n, 7, 7, 1280)."""
    shape = (TEACHER_SIZE, TEACHER_SIZE, 3)
    return use_tensorflow().applications.MobileNetV2(input_shape=shape, include_top=False, weights=str(path))


def start_from_teacher(student: Any, teacher: Any) -> None:
    """Give every layer of the student the weights of the teacher's layer of the same name."""
    for layer in student.layers:
        if layer.weights:
            layer.set_weights(teacher.get_layer(layer.name).get_weights())


def calibrate(student: Any, views: Any) -> None:
    """Give each batch norm its inputs' statistics on `views` and undo them in its scale and shift.

    The network's function does not change. The teacher's file has batch norms of mean 0 and variance 1 (they were
    folded into the kernels): in training they would normalise with wrong statistics and spoil the start.
    """
    keras = use_tensorflow()
    norms = [layer for layer in student.layers if isinstance(layer, keras.layers.BatchNormalization)]
    inputs = keras.Model(student.input, [norm.input for norm in norms]).predict_on_batch(views)
    for norm, values in zip(norms, inputs, strict=True):
        gamma, beta, mean, variance = norm.get_weights()
        scale = gamma / np.sqrt(variance + norm.epsilon)
        new_mean, new_variance = values.mean((0, 1, 2)), values.var((0, 1, 2))
        shift = beta + scale * (new_mean - mean)
        norm.set_weights([scale * np.sqrt(new_variance + norm.epsilon), shift, new_mean, new_variance])


def agreement(student: Matrix, teacher: Matrix) -> dict[str, float]:
    """Shared neighbours (see `recipe.agreement`), and the fraction of the teacher's variance that is `explained`."""
    explained = 1 - ((student - teacher) ** 2).sum() / ((teacher - teacher.mean(0)) ** 2).sum()
    return {**recipe.agreement(student, teacher), "explained": float(explained)}


def held_out(count: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Which of `count` images are never trained on, by a generator that is fresh from SEED."""
    return rng.random(count) < HELD_OUT


def train(student: Any, folder: Path, count: int, epochs: int, minutes: float) -> dict[str, dict[str, float]]:
    """Train in place on the stored views of `count` images; gives the held-out figures.

    The rate (a short warm-up, then a cosine to zero) follows the epochs or the clock, whichever ends first.
    """
    keras = use_tensorflow()
    ops = keras.ops
    rng = np.random.default_rng(SEED)
    held_image = held_out(count, rng)
    held = np.tile(held_image, VIEWS_PER_IMAGE)
    views, features = (np.load(folder / f"{n}.npy", mmap_mode="r") for n in ("views", "features"))
    train_rows = np.flatnonzero(~held)
    some = features[train_rows[:: max(1, len(train_rows) // 8000)], 0].astype(np.float32)
    mean, std = some.mean(0), some.std(0) + 1e-2
    letterboxed, others = np.split(np.flatnonzero(held), [held_image.sum()])
    tests = {"letterboxed": letterboxed, "views": others[:1200]}
    trained = keras.Model(student.input, (five(student.output) - mean) / std)

    def loss(true: Any, made: Any) -> Any:
        unit = [v / (ops.norm(v, axis=-1, keepdims=True) + 1e-6) for v in (true, made)]
        return ops.mean(ops.square(true - made)) + 1 - ops.mean(ops.sum(unit[0] * unit[1], axis=-1))

    trained.compile(keras.optimizers.AdamW(RATE, weight_decay=1e-4, clipnorm=1.0), loss)

    def figures() -> dict[str, dict[str, float]]:
        found = {}
        for part, rows in tests.items():
            batches = [trained.predict_on_batch(views[rows[at : at + 64]]) for at in range(0, len(rows), 64)]
            made = np.concatenate(batches)[:, 0] * std + mean
            found[part] = agreement(made, features[rows, 0].astype(np.float32))
        return found

    calibrate(student, views[train_rows[:: max(1, len(train_rows) // 128)]])
    log.info("start %s", json.dumps(figures()))
    per_epoch, began = len(train_rows) // BATCH, time.monotonic()
    done, total, progress = 0, epochs * per_epoch, 0.0
    for epoch in range(epochs):
        order = rng.permutation(train_rows)
        for at in range(per_epoch):
            progress = max(done / total, (time.monotonic() - began) / (60 * minutes))
            if progress >= 1:
                break
            warm = min(1, (done + 1) / 100)
            trained.optimizer.learning_rate = RATE * warm * 0.5 * (1 + np.cos(np.pi * progress))
            rows = np.sort(order[at * BATCH : (at + 1) * BATCH])
            image, target = views[rows], (features[rows].astype(np.float32) - mean) / std
            if rng.random() < 0.5:  # mirrored: the quarters change sides (1 <-> 2, 3 <-> 4)
                image, target = image[:, :, ::-1], target[:, [0, 2, 1, 4, 3]]
            mean_loss = trained.train_on_batch(image, target)  # since the last reset
            done += 1
            if done % 100 == 0:
                log.info("step %d/%d loss %.3f %.0f s", done, total, mean_loss, time.monotonic() - began)
                trained.reset_metrics()
        log.info("epoch %d/%d %s", epoch + 1, epochs, json.dumps(figures()))
        if progress >= 1:
            break
    return figures()


def main(arguments: list[str] | None = None) -> None:
    """Command line: images and teacher in; the weights and their record out."""
    parser = recipe.options(f"Make {NAME}: some 20 minutes on 2 cores.")
    parser.add_argument("--images", type=Path, required=True, help="folder of images (*.jpg, any depth)")
    parser.add_argument("--teacher", type=Path, required=True, help="MobileNetV2 1.0, no top (Keras .h5)")
    parser.add_argument("--work", type=Path, required=True, help="folder for the views (1.7 GB), used again")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--minutes", type=float, default=90, help="end earlier, with a shorter schedule")
    args = parser.parse_args(arguments)
    recipe.ensure_absent(args.out, NAME, args.replace)
    paths, images_sha256 = list_images(args.images)
    teacher_sha256 = sha256_of(args.teacher)
    recipe.check(images_sha256, IMAGES_SHA256, str(args.images), args.other_data)
    recipe.check(teacher_sha256, TEACHER_SHA256, str(args.teacher), args.other_data)
    use_tensorflow().utils.set_random_seed(SEED)
    work = args.work / images_sha256[:12]
    work.mkdir(parents=True, exist_ok=True)
    teacher = load_teacher(args.teacher)
    if not (work / "features.npy").exists():
        make_views(paths, teacher, work)
    student = cnn_compact()
    start_from_teacher(student, teacher)
    figures = train(student, work, len(paths), args.epochs, args.minutes)
    save_half(student, args.out / FILE)
    data = {"images": images_sha256, "teacher MobileNetV2 1.0 224": teacher_sha256}
    recipe.write_record(args.out, NAME, FILE, WIDTH, data, figures)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        main()
    except AislemapError as error:
        raise SystemExit(str(error)) from error
