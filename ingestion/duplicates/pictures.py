"""Near copies by picture: the same picture saved again, smaller, cropped a little, on more ground, darker or warmer.

Pictures of two things of one shape, or of one thing in two colours, are no copies, and in a catalogue they lie closer
in a perceptual hash than a copy with a narrower crop. So the hash (Zauner 2010, 'Implementation and benchmarking of
perceptual image hash functions': the signs of the low cosine frequencies, which lose far less to a crop than the
differences of neighbours do) only proposes pairs. Each is then laid on the other (`likeness`): aligned by an affine map
(Evangelidis & Psarakis 2008), evened out in brightness and contrast, and compared patch by patch in lightness and in
colour. One patch that differs is enough: a copy has none, a variant has.

The bounds were set on seeded alterations of photographs (JPEG at quality 40 to 72, crops to 4 % a side, a border of
white, 15 % of brightness or contrast, 5 % warmer, 60 % of the size) against look-alikes of the same catalogues.

What an offer's light may change, a shade may too: shades of one lipstick, photographed alike, pass where they differ by
less. A stricter rule for the most coloured part does not part the two in pictures of 60 x 80 pixels: the alterations
move its mean colour by 5 in one copy of ten there (by 2 in photographs), and three in four of the shades lie closer.
Nor are names asked: two shades under one picture are two products, but it is pictures that are compared here.
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
MOST_BITS = 10
"""Bits of 63 in which the hashes of copies differ, at most: 95 to 99 in 100 of the alterations above stay within."""
BANDS, BAND_BITS = 32, 12
"""Bands of so many bits drawn by chance: hashes 10 bits apart share one with probability .966, 7 bits apart .9995."""
BLOCKS = 8
MOST_LIGHT, MOST_COLOUR = 20.0, 6.5
"""Mean difference over 8 x 8 blocks, before alignment, beyond which no alteration above came (8-bit CIELAB units)."""
SIZES = (32, 96)
"""Sides, in pixels, at which pictures are laid on each other; what fails small is not looked at large."""
PATCH, COLOUR_PATCH = 5, 9
"""Sides, in pixels, of the patches: 5 of 96 is about the hands of a watch or the print on a mug. JPEG keeps colour at
half the sharpness of lightness, so colour is compared over larger ones, and finer."""
PATCH_LIGHT, PATCH_COLOUR = 22.0, 11.0
"""Difference of any one patch in 8-bit CIELAB. Of the alterations above 98 to 99 in 100 of photographs stay below 20
and 10; most look-alikes, with another print, dial or colour, differ by more than 30."""
GAIN = 1.2
"""Contrast that one picture may have more than the other: 15 % less is a factor of 1.18. What this evens out of a dark
shade before a white ground is no longer seen, so no more is allowed than the alterations above need."""
LEAST_OVERLAP = 0.6
"""Share of the pictures that must lie on each other."""
LEAST_CONTRAST = 3.0
"""Standard deviation of grey below which a picture is blank: any two would be alike."""
GROUND = 24
"""Levels by which a pixel stands out of the ground that a picture is trimmed of."""
Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Look:
    """A picture, whole or trimmed, as pairs are proposed by it: the bits of its hash and its 8 x 8 blocks in CIELAB."""

    bits: NDArray[np.bool_]
    blocks: NDArray[np.float32]
    blank: bool


def look(picture: Picture) -> Look:
    """The hash and the blocks of an RGB picture, (h, w, 3) uint8."""
    import cv2

    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    low = cv2.dct(cv2.resize(grey, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32))[:8, :8].ravel()[1:]
    blocks = cv2.resize(picture, (BLOCKS, BLOCKS), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(blocks, cv2.COLOR_RGB2LAB).reshape(-1, 3).astype(np.float32)
    return Look(low > np.median(low), lab, bool(grey.std() < LEAST_CONTRAST))


def decode(thumbnail: bytes) -> Picture:
    """A stored thumbnail as RGB, (h, w, 3) uint8."""
    from PIL import Image

    with Image.open(io.BytesIO(thumbnail)) as image:
        return np.asarray(image.convert("RGB"))


def trimmed(picture: Picture) -> Picture:
    """The picture less its plain ground: what a wider border adds; as it is where little would be left."""
    edge = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    ground = np.median(edge, axis=0)
    stands_out = (np.abs(picture - ground) > GROUND).any(axis=2)
    rows, columns = (np.flatnonzero(stands_out.mean(axis=axis) > 0.01) for axis in (1, 0))
    if min(len(rows), len(columns)) < BLOCKS:
        return picture
    return picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def likeness(one: Picture, other: Picture) -> float:
    """How alike two RGB pictures are if one can be the other saved again, else 0: their correlation once aligned."""
    import cv2

    warp = np.eye(2, 3, dtype=np.float32)
    correlation = 0.0
    for k, size in enumerate(SIZES):
        if k:
            warp[:, 2] *= size / SIZES[k - 1]
        a, b = (cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA) for picture in (one, other))
        grey, other_grey = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (a, b))
        stop = (cv2.TERM_CRITERIA_COUNT + cv2.TERM_CRITERIA_EPS, 20, 1e-3)
        try:
            correlation, warp = cv2.findTransformECC(
                grey, other_grey, warp, cv2.MOTION_AFFINE, stop, np.full_like(grey, 255), 3
            )
        except cv2.error:  # it raises where nothing lies on anything
            return 0.0
        if not _patches_agree(a, b, warp):
            return 0.0
    return float(min(max(correlation, 0.0), 1.0))


def _patches_agree(one: Picture, other: Picture, warp: NDArray[Any]) -> bool:
    """Whether no patch differs when the other picture is laid on the one by `warp`, where both are."""
    import cv2

    shape = one.shape[1::-1]
    how = cv2.INTER_LINEAR + cv2.WARP_INVERSE_MAP
    laid = cv2.warpAffine(other, warp, shape, flags=how, borderMode=cv2.BORDER_REPLICATE)
    inside = cv2.warpAffine(np.full(shape[::-1], 255, np.uint8), warp, shape, flags=how)
    if (inside > 250).mean() < LEAST_OVERLAP:
        return False
    both = cv2.erode(inside, np.ones((PATCH, PATCH), np.uint8)) > 250
    a, b = (cv2.cvtColor(picture, cv2.COLOR_RGB2LAB).astype(np.float32) for picture in (one, laid))
    light, other_light = a[..., 0][both], b[..., 0][both]
    variance = float(other_light.var())
    gain = float(np.mean((light - light.mean()) * (other_light - other_light.mean()))) / variance if variance else 0.0
    if not 1 / GAIN <= gain <= GAIN:
        return False
    b[..., 0] = (b[..., 0] - other_light.mean()) * gain + light.mean()
    differ = a - b
    differ[~both] = 0
    light_apart = np.abs(cv2.blur(differ[..., 0], (PATCH, PATCH)))
    colour_apart = np.linalg.norm(cv2.blur(differ[..., 1:], (COLOUR_PATCH, COLOUR_PATCH)), axis=2)
    return bool(light_apart.max() <= PATCH_LIGHT and colour_apart.max() <= PATCH_COLOUR)


def pairs(
    n: int, thumbnail: Callable[[int], bytes], compare: Callable[[Picture, Picture], float] = likeness
) -> dict[tuple[int, int], float]:
    """The pairs (i, j), i < j, of n pictures that are near copies, with their likeness.

    `thumbnail(k)` gives the k-th as the bytes of an image file. Whole pictures are compared, and pictures trimmed of
    their ground: each at most `candidates.NEAREST` times, by `compare`. A blank picture has no near copy. Only a few
    pictures are decoded at a time. Deterministic.
    """

    @lru_cache(maxsize=512)
    def whole(k: int) -> Picture:
        return decode(thumbnail(k))

    @lru_cache(maxsize=512)
    def bare(k: int) -> Picture:
        return trimmed(whole(k))

    views = (whole, bare)
    looks = [[look(view(k)) for view in views] for k in range(n)]
    kept = [k for k in range(n) if not looks[k][0].blank]
    found: dict[tuple[int, int], float] = {}
    for v, view in enumerate(views):
        for i, j in _candidates([looks[k][v] for k in kept]):
            pair = kept[i], kept[j]
            alike = compare(view(pair[0]), view(pair[1]))
            if alike > found.get(pair, 0.0):
                found[pair] = alike
    return dict(sorted(found.items()))


def _candidates(looks: Sequence[Look]) -> list[tuple[int, int]]:
    if len(looks) < 2:
        return []
    bits = np.array([seen.bits for seen in looks])
    hashes = np.packbits(np.pad(bits, ((0, 0), (0, 1))), axis=1).view(np.uint64)[:, 0]
    blocks = np.array([seen.blocks for seen in looks])
    means = blocks.mean(axis=1)

    def distance(i: candidates.Index, j: candidates.Index) -> NDArray[np.float32]:
        near = np.bitwise_count(hashes[i] ^ hashes[j]) <= MOST_BITS
        near[near] = np.abs(means[i[near], 1:] - means[j[near], 1:]).mean(axis=1) <= MOST_COLOUR
        far = np.full(len(i), np.inf, dtype=np.float32)
        a, b = blocks[i[near]], blocks[j[near]]
        even = means[i[near], 0] / np.maximum(means[j[near], 0], 1)
        light = np.abs(a[..., 0] - b[..., 0] * even[:, None]).mean(axis=1)
        colour = np.abs(a[..., 1:] - b[..., 1:]).mean(axis=(1, 2))
        far[near] = np.where((light <= MOST_LIGHT) & (colour <= MOST_COLOUR), light + 2 * colour, np.inf)
        return far

    rng = np.random.default_rng(0)
    weights = np.uint64(1) << np.arange(BAND_BITS, dtype=np.uint64)
    bands = [bits[:, rng.choice(HASH_BITS, BAND_BITS, replace=False)] @ weights for _ in range(BANDS)]
    rank = np.empty(len(looks), dtype=np.int64)
    rank[np.lexsort((hashes, means[:, 1]))] = np.arange(len(looks))
    return candidates.candidates(np.stack(bands, axis=1), rank, distance)
