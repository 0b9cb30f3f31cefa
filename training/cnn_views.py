"""The views that cnn-compact is trained on: images, strongly varied; teacher and student get the same views."""

import hashlib
import logging
import random
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from ingestion.features.cnn_compact import SIZE
from ingestion.image_files import letterbox
from training.recipe import SEED

TEACHER_SIZE = 224
"""Side, in pixels, of the images that MobileNetV2 reads."""
VIEWS_PER_IMAGE = 2
"""The plain letterbox, and one that is varied at random."""
Pixels = NDArray[np.uint8]
log = logging.getLogger(__name__)


def list_images(folder: Path) -> tuple[list[Path], str]:
    """All images (*.jpg, at any depth) in a fixed order, and one SHA-256 over their names and contents."""
    paths = sorted(folder.rglob("*.jpg"), key=lambda p: p.relative_to(folder).as_posix())
    digest = hashlib.sha256()
    for path in paths:
        name = path.relative_to(folder).as_posix().encode()
        digest.update(name + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return paths, digest.hexdigest()


def five(maps: Any) -> Any:
    """Feature maps (n, s, s, c) -> (n, 5, c): means of the whole and of its (overlapping) quarters."""
    from keras import ops

    half = (maps.shape[1] + 1) // 2
    top, bottom = maps[:, :half], maps[:, -half:]
    parts = [maps, top[:, :, :half], top[:, :, -half:], bottom[:, :, :half], bottom[:, :, -half:]]
    return ops.stack([ops.mean(p, axis=(1, 2)) for p in parts], axis=1)


def make_views(paths: list[Path], teacher: Any, folder: Path) -> None:
    """Draw all views and compute the teacher's features of them, once, into `folder`: 1.7 GB for 10,000 images.

    views.npy: (views, 144, 144, 3) uint8; features.npy: (views, 5, 1280) float16; view k of image i is row
    k * len(paths) + i. Both get the same 224-px view; the student's is scaled down.
    """
    from keras import ops

    jobs = [(at, view) for view in range(VIEWS_PER_IMAGE) for at in range(len(paths))]
    views = np.lib.format.open_memmap(folder / "views.part.npy", "w+", np.uint8, (len(jobs), SIZE, SIZE, 3))
    features = np.lib.format.open_memmap(folder / "features.part.npy", "w+", np.float16, (len(jobs), 5, 1280))
    began = time.monotonic()
    for at in range(0, len(jobs), 64):
        large = [make_view(paths, *job) for job in jobs[at : at + 64]]
        small = [Image.fromarray(v).resize((SIZE, SIZE), Image.Resampling.BICUBIC) for v in large]
        views[at : at + 64] = np.stack([np.asarray(v) for v in small])
        maps = teacher.predict_on_batch(np.stack(large).astype(np.float32) / 127.5 - 1)
        features[at : at + 64] = ops.convert_to_numpy(five(ops.convert_to_tensor(maps)))
        if at % 3200 == 0:
            log.info("views and teacher: %d/%d %.0f s", at, len(jobs), time.monotonic() - began)
    for name, array in (("views", views), ("features", features)):
        array.flush()
        (folder / f"{name}.part.npy").rename(folder / f"{name}.npy")


def make_view(paths: list[Path], at: int, view: int) -> Pixels:
    """View number `view` of image `at`: (224, 224, 3); 0 is the plain letterbox, others are random, by a seed."""
    rng = random.Random(f"{SEED} {paths[at].name} {view}")  # noqa: S311 - a draw that has to repeat
    image = Image.open(paths[at]).convert("RGB")
    if view == 0:
        return letterbox(image, TEACHER_SIZE, reducing_gap=None)
    draw = rng.random()
    if draw < 0.45:
        return np.asarray(_recolour(_crop(image, rng), rng))
    if draw < 0.75:  # recoloured first, so that the ground stays white
        return np.asarray(_on_white(_recolour(image, rng), rng))
    return np.asarray(_recolour(_mixed(image, Image.open(rng.choice(paths)).convert("RGB"), rng), rng))


def _crop(image: Image.Image, rng: random.Random, least: float = 0.3) -> Image.Image:
    """A random part of at least `least` of the area, of aspect 3:4 to 4:3, as a 224-px square."""
    width, height = image.size
    area, aspect = rng.uniform(least, 1) * width * height, np.exp(rng.uniform(-0.29, 0.29))
    w, h = min(width, (area * aspect) ** 0.5), min(height, (area / aspect) ** 0.5)
    x, y = rng.uniform(0, width - w), rng.uniform(0, height - h)
    return image.resize((TEACHER_SIZE, TEACHER_SIZE), Image.Resampling.BICUBIC, box=(x, y, x + w, y + h))


def _on_white(image: Image.Image, rng: random.Random) -> Image.Image:
    """The image as a shop shows a product: smaller, on white, in two of five views cut out by a soft ellipse."""
    inner = Image.fromarray(letterbox(image, int(TEACHER_SIZE * rng.uniform(0.55, 1)), reducing_gap=None))
    if rng.random() < 0.4:
        mask = Image.new("L", inner.size)
        edge = rng.uniform(0, 0.12) * inner.width
        ImageDraw.Draw(mask).ellipse((edge, edge, inner.width - edge, inner.height - edge), fill=255)
        mask = mask.filter(ImageFilter.GaussianBlur(3))
        inner = Image.composite(inner, Image.new("RGB", inner.size, "white"), mask)
    square = Image.new("RGB", (TEACHER_SIZE, TEACHER_SIZE), "white")
    room = TEACHER_SIZE - inner.width
    square.paste(inner, (rng.randint(0, room), rng.randint(0, room)))
    return square


def _mixed(image: Image.Image, other: Image.Image, rng: random.Random) -> Image.Image:
    """Part of another image pasted over a crop (CutMix, Yun et al. 2019)."""
    base, patch = _crop(image, rng), _crop(other, rng)
    w, h = (int(TEACHER_SIZE * rng.uniform(0.35, 0.75)) for _ in range(2))
    x, y = rng.randint(0, TEACHER_SIZE - w), rng.randint(0, TEACHER_SIZE - h)
    base.paste(patch.resize((w, h), Image.Resampling.BICUBIC), (x, y))
    return base


def _recolour(view: Image.Image, rng: random.Random) -> Image.Image:
    """Mirror half of the views; change brightness, contrast and colour; blur a few."""
    if rng.random() < 0.5:
        view = ImageOps.mirror(view)
    for change in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        view = change(view).enhance(rng.uniform(0.7, 1.3))
    return view.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 1.5))) if rng.random() < 0.1 else view
