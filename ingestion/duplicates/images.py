"""Near-duplicates by image: the same image saved again, smaller, cropped a little, with a border, darker or warmer.

Images of two products of one shape, or of one product in two colours, are no duplicates, and in a catalogue their
perceptual hashes are closer than those of a duplicate with a narrower crop. So the hash (Zauner 2010, 'Implementation
and benchmarking of perceptual image hash functions': the signs of the low cosine frequencies, which change far less by
a crop than differences of neighbouring pixels do) only proposes pairs. Each pair is then compared (`similarity`): one
image is aligned to the other by an affine map (Evangelidis & Psarakis 2008), brightness and contrast are equalised, and
they are compared patch by patch in lightness and in colour. One patch that differs is enough for a variant.

The bounds were set on seeded alterations of photographs (JPEG at quality 40 to 72, crops to 4 % a side, a white border,
15 % of brightness or contrast, 5 % warmer, 60 % of the size) against similar products of the same catalogues (not
repeatable).

A shade may differ by as little as the light of a photograph: shades of one lipstick in equal photographs pass where
they differ by less than the alterations. A stricter rule for the most coloured part does not separate the two in images
of 60 x 80 pixels: the alterations move its mean colour by 5 in one duplicate of ten there (by 2 in photographs), and
three in four of the shades are closer. Names are not read: two shades with one image are two products, but this module
compares images.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingestion.duplicates import candidates

HASH_BITS = 63
MAX_BITS = 10
"""Bits of 63 in which the hashes of duplicates differ, at most; so do 95 to 99 in 100 of the alterations above."""
BANDS, BAND_BITS = 32, 12
"""Bands of so many randomly drawn bits: hashes that differ in 10 bits share one with probability .966, in 7 .9995."""
BLOCKS = 8
MAX_BLOCK_LIGHT, MAX_BLOCK_COLOUR = 20.0, 6.5
"""Mean difference over 8 x 8 blocks, before alignment, that no alteration above exceeded (8-bit CIELAB units)."""
SIZES = (32, 96)
"""Sides, in pixels, at which images are aligned; a pair that fails at the small size is not tried at the large."""
PATCH, COLOUR_PATCH = 5, 9
"""Sides, in pixels, of the patches: 5 of 96 is about the hands of a watch or the print on a mug. JPEG keeps colour at
half the resolution of lightness, so colour is compared over larger patches, with a smaller bound."""
MAX_PATCH_LIGHT, MAX_PATCH_COLOUR = 22.0, 11.0
"""Difference of any one patch in 8-bit CIELAB. Of the alterations above 98 to 99 in 100 of photographs stay below 20
and 10; most similar products, with another print, dial or colour, differ by more than 30."""
MAX_GAIN = 1.2
"""Factor by which the contrast of two images may differ: 15 % less is a factor of 1.18. Equalising hides the difference
of a dark shade before a white ground, so no more is allowed than the alterations above need."""
MIN_OVERLAP = 0.6
"""Fraction of the aligned images that must overlap."""
MIN_CONTRAST = 3.0
"""Standard deviation of grey below which an image is blank: any two blank images would be similar."""
GROUND_LEVELS = 24
"""Levels by which a pixel differs from the plain ground that an image is trimmed of."""
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Fingerprint:
    """What pairs of images are proposed by: the bits of the hash, (63,), and 8 x 8 blocks in CIELAB, (64, 3)."""

    bits: NDArray[np.bool_]
    blocks: NDArray[np.float32]
    blank: bool


def fingerprint(image: Pixels) -> Fingerprint:
    """The hash and the blocks of an RGB image, (h, w, 3) uint8."""
    import cv2

    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    low = cv2.dct(cv2.resize(grey, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32))[:8, :8].ravel()[1:]
    blocks = cv2.resize(image, (BLOCKS, BLOCKS), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(blocks, cv2.COLOR_RGB2LAB).reshape(-1, 3).astype(np.float32)
    return Fingerprint(low > np.median(low), lab, bool(grey.std() < MIN_CONTRAST))


def decode(thumbnail: bytes) -> Pixels:
    """A stored thumbnail as RGB, (h, w, 3) uint8."""
    from PIL import Image

    with Image.open(io.BytesIO(thumbnail)) as image:
        return np.asarray(image.convert("RGB"))


def trimmed(image: Pixels) -> Pixels:
    """The image without its plain ground, such as a wider border; unchanged where little would be left."""
    edge = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    ground = np.median(edge, axis=0)
    stands_out = (np.abs(image - ground) > GROUND_LEVELS).any(axis=2)
    rows, columns = (np.flatnonzero(stands_out.mean(axis=axis) > 0.01) for axis in (1, 0))
    if min(len(rows), len(columns)) < BLOCKS:
        return image
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def similarity(one: Pixels, other: Pixels) -> float:
    """The correlation (0..1) of two RGB images, once aligned, if one can be the other saved again, else 0."""
    import cv2

    warp = np.eye(2, 3, dtype=np.float32)
    correlation = 0.0
    for k, size in enumerate(SIZES):
        if k:
            warp[:, 2] *= size / SIZES[k - 1]
        a, b = (cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA) for image in (one, other))
        grey, other_grey = (cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in (a, b))
        stop = (cv2.TERM_CRITERIA_COUNT + cv2.TERM_CRITERIA_EPS, 20, 1e-3)
        try:
            correlation, warp = cv2.findTransformECC(
                grey, other_grey, warp, cv2.MOTION_AFFINE, stop, np.full_like(grey, 255), 3
            )
        except cv2.error:  # it raises where the alignment does not converge
            return 0.0
        if not _patches_agree(a, b, warp):
            return 0.0
    return float(min(max(correlation, 0.0), 1.0))


def _patches_agree(one: Pixels, other: Pixels, warp: NDArray[Any]) -> bool:
    """Whether no patch of the overlap differs when the other image is aligned to the one by `warp`."""
    import cv2

    shape = one.shape[1::-1]
    how = cv2.INTER_LINEAR + cv2.WARP_INVERSE_MAP
    aligned = cv2.warpAffine(other, warp, shape, flags=how, borderMode=cv2.BORDER_REPLICATE)
    inside = cv2.warpAffine(np.full(shape[::-1], 255, np.uint8), warp, shape, flags=how)
    if (inside > 250).mean() < MIN_OVERLAP:
        return False
    both = cv2.erode(inside, np.ones((PATCH, PATCH), np.uint8)) > 250
    a, b = (cv2.cvtColor(image, cv2.COLOR_RGB2LAB).astype(np.float32) for image in (one, aligned))
    light, other_light = a[..., 0][both], b[..., 0][both]
    variance = float(other_light.var())
    gain = float(np.mean((light - light.mean()) * (other_light - other_light.mean()))) / variance if variance else 0.0
    if not 1 / MAX_GAIN <= gain <= MAX_GAIN:
        return False
    b[..., 0] = (b[..., 0] - other_light.mean()) * gain + light.mean()
    difference = a - b
    difference[~both] = 0
    light_difference = np.abs(cv2.blur(difference[..., 0], (PATCH, PATCH)))
    colour_difference = np.linalg.norm(cv2.blur(difference[..., 1:], (COLOUR_PATCH, COLOUR_PATCH)), axis=2)
    return bool(light_difference.max() <= MAX_PATCH_LIGHT and colour_difference.max() <= MAX_PATCH_COLOUR)


def pairs(
    n: int, thumbnail: Callable[[int], bytes], compare: Callable[[Pixels, Pixels], float] = similarity
) -> dict[tuple[int, int], float]:
    """The pairs (i, j), i < j, of n images that are near-duplicates, with their similarity.

    `thumbnail(k)` gives the k-th as the bytes of an image file. Whole images are compared, and images trimmed of
    their ground: each at most `candidates.NEAREST` times, by `compare`. A blank image has no near-duplicate. Only a few
    images are decoded at a time. Deterministic.
    """

    @lru_cache(maxsize=512)
    def whole(k: int) -> Pixels:
        return decode(thumbnail(k))

    @lru_cache(maxsize=512)
    def bare(k: int) -> Pixels:
        return trimmed(whole(k))

    views = (whole, bare)
    fingerprints = [[fingerprint(view(k)) for view in views] for k in range(n)]
    kept = [k for k in range(n) if not fingerprints[k][0].blank]
    found: dict[tuple[int, int], float] = {}
    for v, view in enumerate(views):
        for i, j in _candidates([fingerprints[k][v] for k in kept]):
            pair = kept[i], kept[j]
            value = compare(view(pair[0]), view(pair[1]))
            if value > found.get(pair, 0.0):
                found[pair] = value
    return dict(sorted(found.items()))


def _candidates(fingerprints: Sequence[Fingerprint]) -> candidates.Index:
    if len(fingerprints) < 2:
        return np.empty((0, 2), dtype=np.int64)
    bits = np.array([seen.bits for seen in fingerprints])
    hashes = np.packbits(np.pad(bits, ((0, 0), (0, 1))), axis=1).view(np.uint64)[:, 0]
    blocks = np.array([seen.blocks for seen in fingerprints])
    means = blocks.mean(axis=1)

    def distance(i: candidates.Index, j: candidates.Index) -> NDArray[np.float32]:
        near = np.bitwise_count(hashes[i] ^ hashes[j]) <= MAX_BITS
        near[near] = np.abs(means[i[near], 1:] - means[j[near], 1:]).mean(axis=1) <= MAX_BLOCK_COLOUR
        far = np.full(len(i), np.inf, dtype=np.float32)
        a, b = blocks[i[near]], blocks[j[near]]
        even = means[i[near], 0] / np.maximum(means[j[near], 0], 1)
        light = np.abs(a[..., 0] - b[..., 0] * even[:, None]).mean(axis=1)
        colour = np.abs(a[..., 1:] - b[..., 1:]).mean(axis=(1, 2))
        far[near] = np.where((light <= MAX_BLOCK_LIGHT) & (colour <= MAX_BLOCK_COLOUR), light + 2 * colour, np.inf)
        return far

    rng = np.random.default_rng(0)
    weights = np.uint64(1) << np.arange(BAND_BITS, dtype=np.uint64)
    bands = [bits[:, rng.choice(HASH_BITS, BAND_BITS, replace=False)] @ weights for _ in range(BANDS)]
    rank = np.empty(len(fingerprints), dtype=np.int64)
    rank[np.lexsort((hashes, means[:, 1]))] = np.arange(len(fingerprints))
    return candidates.candidates(np.stack(bands, axis=1), rank, distance)
