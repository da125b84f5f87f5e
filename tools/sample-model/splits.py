"""The splits of the synthetic data: one seed each, so that no image of one split can occur in another."""

from dataclasses import dataclass

CLASS_NAMES = ("scratch", "pit", "inclusion", "rolled-in-scale", "edge-crack", "oil-stain")

IMAGE_WIDTH = 480
IMAGE_HEIGHT = 360
JPEG_QUALITY = 82


@dataclass(frozen=True)
class Split:
    """`seed` picks the random streams, `size` is how many images the project uses of them."""

    seed: int
    size: int


SPLITS = {
    "train": Split(seed=1101, size=9000),
    "validation": Split(seed=2203, size=256),
    "calibration": Split(seed=3307, size=64),
    "golden": Split(seed=4409, size=64),
    "held-out": Split(seed=5519, size=1000),
}
