"""Samples by split and index, and whole splits written to disk in YOLO layout.

Sample i of a split is a function of (the split's seed, i) alone: it does not depend on which samples were made before.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from camera import capture
from defects import PAINTERS
from splits import CLASS_NAMES, IMAGE_HEIGHT, IMAGE_WIDTH, SPLITS
from surface import Surface, make_surface

_EMPTY_SHARE = 0.13
_DEFECT_COUNT_SHARES = (0.40, 0.30, 0.20, 0.10)  # of 1, 2, 3 and 4 defects
_EDGE_WITHOUT_CRACK_SHARE = 0.22
_EDGE_CRACK = CLASS_NAMES.index("edge-crack")
_MASK_LEVEL = 0.35  # a pixel belongs to the box where the mask exceeds this share of its peak
_MIN_BOX_SIDE = 9.0
_MAX_OVERLAP = 0.05
_PLACEMENT_TRIES = 12


@dataclass(frozen=True)
class Sample:
    """`jpeg` is the file's bytes; `boxes` is n×5: class, left, top, right, bottom in pixels of the picture."""

    jpeg: bytes
    boxes: np.ndarray


def _extent(mask: np.ndarray) -> tuple[float, float, float, float] | None:
    present = mask > _MASK_LEVEL * mask.max()
    rows = np.flatnonzero(present.any(axis=1))
    columns = np.flatnonzero(present.any(axis=0))
    if rows.size == 0:
        return None
    box = float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)
    return box if min(box[2] - box[0], box[3] - box[1]) >= _MIN_BOX_SIDE else None


def _overlaps(box: tuple[float, float, float, float], others: list[tuple[float, float, float, float]]) -> bool:
    for other in others:
        width = min(box[2], other[2]) - max(box[0], other[0])
        height = min(box[3], other[3]) - max(box[1], other[1])
        if width > 0 and height > 0:
            smaller = min((box[2] - box[0]) * (box[3] - box[1]), (other[2] - other[0]) * (other[3] - other[1]))
            if width * height > _MAX_OVERLAP * smaller:
                return True
    return False


def _paint(rng: np.random.Generator, surface: Surface, kind: int, taken: list[tuple[float, float, float, float]]) -> bool:
    painter, (lowest, highest) = PAINTERS[kind]
    for _ in range(_PLACEMENT_TRIES):
        luminance, stain = surface.luminance.copy(), surface.stain.copy()
        mask = painter(rng, surface, rng.uniform(lowest, highest))
        box = None if mask is None else _extent(mask)
        if box is not None and not _overlaps(box, taken):
            taken.append(box)
            return True
        surface.luminance, surface.stain = luminance, stain
    return False


def make_sample(split: str, index: int) -> Sample:
    rng = np.random.default_rng(np.random.SeedSequence([SPLITS[split].seed, index]))
    count = 0 if rng.random() < _EMPTY_SHARE else 1 + int(rng.choice(4, p=_DEFECT_COUNT_SHARES))
    kinds = [int(kind) for kind in rng.integers(0, len(CLASS_NAMES), count)]
    with_edge = _EDGE_CRACK in kinds or rng.random() < _EDGE_WITHOUT_CRACK_SHARE
    surface = make_surface(rng, with_edge)
    placed: list[tuple[float, float, float, float]] = []
    classes = [kind for kind in kinds if _paint(rng, surface, kind, placed)]
    rows = [(kind, *box) for kind, box in zip(classes, placed, strict=True)]
    return Sample(capture(rng, surface), np.array(rows, np.float32).reshape(-1, 5))


def decode(jpeg: bytes) -> np.ndarray:
    """Rows × columns × RGB bytes."""
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]


def yolo_lines(boxes: np.ndarray) -> str:
    """One line a box: class, centre and size as shares of the picture."""
    lines = []
    for kind, left, top, right, bottom in boxes.tolist():
        x, y = (left + right) / 2 / IMAGE_WIDTH, (top + bottom) / 2 / IMAGE_HEIGHT
        width, height = (right - left) / IMAGE_WIDTH, (bottom - top) / IMAGE_HEIGHT
        lines.append(f"{int(kind)} {x:.6f} {y:.6f} {width:.6f} {height:.6f}\n")
    return "".join(lines)


def write_split(split: str, folder: Path, *, size: int | None = None, labels: bool = True) -> int:
    """Writes images/, and with `labels` also labels/ and data.yaml. Returns the bytes of all JPEGs together."""
    count = SPLITS[split].size if size is None else size
    (folder / "images").mkdir(parents=True, exist_ok=True)
    if labels:
        (folder / "labels").mkdir(exist_ok=True)
        names = ", ".join(CLASS_NAMES)
        (folder / "data.yaml").write_text(f"path: .\ntrain: images\nval: images\nnames: [{names}]\n")
    total = 0
    for index in range(count):
        sample = make_sample(split, index)
        total += len(sample.jpeg)
        (folder / "images" / f"{split}-{index:04d}.jpg").write_bytes(sample.jpeg)
        if labels:
            (folder / "labels" / f"{split}-{index:04d}.txt").write_text(yolo_lines(sample.boxes))
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=sorted(SPLITS), required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--size", type=int, help="number of images (default: the split's)")
    parser.add_argument("--no-labels", action="store_true", help="pictures only, as a calibration set is")
    options = parser.parse_args()
    total = write_split(options.split, options.out, size=options.size, labels=not options.no_labels)
    print(f"{options.split}: {total / 1e6:.2f} MB of JPEGs in {options.out}")


if __name__ == "__main__":
    main()
