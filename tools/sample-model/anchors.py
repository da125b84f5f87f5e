"""Proposes the nine anchors: k-means over the training boxes, distance 1 - IoU of boxes laid corner on corner."""

import argparse
from pathlib import Path

import numpy as np

from pool import open_pool

_ANCHORS = 9
_ROUNDS = 60


def overlap(sizes: np.ndarray, centres: np.ndarray) -> np.ndarray:
    shared = np.minimum(sizes[:, None], centres[None]).prod(2)
    return shared / (sizes.prod(1)[:, None] + centres.prod(1)[None] - shared)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pool", type=Path, required=True, help="folder that pool.py wrote")
    options = parser.parse_args()
    boxes = np.concatenate(open_pool("train", options.pool).boxes)
    sizes = (boxes[:, 3:] - boxes[:, 1:3]).astype(np.float64)
    rng = np.random.default_rng(1)
    centres = sizes[rng.choice(len(sizes), _ANCHORS, replace=False)]
    for _ in range(_ROUNDS):
        nearest = overlap(sizes, centres).argmax(1)
        centres = np.stack([np.median(sizes[nearest == k], axis=0) for k in range(_ANCHORS)])
    for width, height in centres[np.argsort(centres.prod(1))]:
        print(f"{width:.0f} × {height:.0f}")
    print(f"mean IoU with the best anchor: {overlap(sizes, centres).max(1).mean():.3f}")


if __name__ == "__main__":
    main()
