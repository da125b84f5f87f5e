"""Letterboxed pictures as OpenCV makes them: every source size and canvas, with a digest of the pixels.

Pictures are a formula of their seed (`texture`), which the test computes as well, so that no pixel has to be kept.
"""

import argparse
import gzip
import hashlib
import json
import random
from pathlib import Path

import cv2
import numpy

SEED = 20_261_130
PAD = 114
RANDOM_CASES = 240
# Width, height: single pixels, lines, odd sizes, whole and half ratios, pictures that are enlarged.
SOURCES = [
    (1, 1), (1, 2), (2, 1), (1, 7), (7, 1), (1, 640), (640, 1), (1, 64), (2, 2), (3, 3), (2, 333), (333, 2), (5, 7), (31, 33), (63, 65),
    (64, 64), (128, 64), (64, 128), (128, 128), (127, 129), (192, 192), (640, 480), (641, 359), (333, 777), (1279, 721), (200, 200), (21, 640),
]  # fmt: skip
CANVASES = [(64, 64), (96, 64), (64, 160), (33, 47), (128, 128)]


def texture(width, height, seed):
    """Noise of all 256 values: a hash of seed, place and channel, in 32-bit integers."""
    index = numpy.arange(width * height * 3, dtype=numpy.uint64)
    value = (index + seed * 7919) * 2654435761 % 2**32
    value = (value ^ (value >> 15)) * 2246822519 % 2**32
    return (value >> 24).astype(numpy.uint8).reshape(height, width, 3)


def letterbox(image, width, height, centred):
    """YOLOv5's letterbox; like it but for a side of less than half a pixel, which OpenCV refuses and which becomes 1."""
    rows, columns = image.shape[:2]
    scale = min(height / rows, width / columns)
    new_width, new_height = max(1, round(columns * scale)), max(1, round(rows * scale))
    if (columns, rows) != (new_width, new_height):
        image = cv2.resize(image, (new_width, new_height), interpolation=cv2.INTER_LINEAR)
    rest = (width - new_width, height - new_height)
    left, top = (round(side / 2 - 0.1) if centred else 0 for side in rest)
    right, bottom = rest[0] - left, rest[1] - top
    return cv2.copyMakeBorder(image, top, bottom, left, right, cv2.BORDER_CONSTANT, value=(PAD, PAD, PAD)), (left, top)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    # The code that is the same on every processor. (With these versions Intel's library gives the same digests.)
    cv2.ipp.setUseIPP(False)
    rng = random.Random(SEED)
    shapes = [(source, canvas, True) for source in SOURCES for canvas in CANVASES]
    for _ in range(RANDOM_CASES):
        source = tuple(rng.choice([rng.randint(1, 40), rng.randint(1, 400), rng.randint(300, 900)]) for _ in range(2))
        canvas = tuple(rng.choice([32, 64, 96, 160, 224, rng.randint(1, 200)]) for _ in range(2))
        shapes.append((source, canvas, rng.random() < 0.7))
    cases = []
    for seed, (source, canvas, centred) in enumerate(shapes):
        boxed, (left, top) = letterbox(texture(*source, seed), *canvas, centred)
        assert boxed.shape == (canvas[1], canvas[0], 3)
        cases.append([*source, *canvas, int(centred), left, top, hashlib.sha256(boxed.tobytes()).hexdigest()[:24]])
    document = {
        "from": f"OpenCV {cv2.__version__}",
        "columns": ["source width", "source height", "width", "height", "centred", "left", "top", "sha256 of the pixels, 24 digits"],
        "cases": cases,
    }
    out.write_bytes(gzip.compress(json.dumps(document, separators=(",", ":")).encode(), 9, mtime=0))
    print(f"{len(cases)} cases, {out.stat().st_size} bytes in {out}")


if __name__ == "__main__":
    main()
