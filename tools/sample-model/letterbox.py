"""The resize that training, calibration and evaluation share: OpenCV bilinear, centred, padded with grey 114."""

from dataclasses import dataclass

import cv2
import numpy as np

PAD_VALUE = 114


@dataclass(frozen=True)
class Placement:
    """Where the picture lies on the canvas: `scale` from picture to canvas, then `left`/`top` pixels of padding."""

    scale: float
    left: int
    top: int


def letterbox(image: np.ndarray, width: int, height: int) -> tuple[np.ndarray, Placement]:
    rows, columns = image.shape[:2]
    scale = min(width / columns, height / rows)
    new_width, new_height = round(columns * scale), round(rows * scale)
    if (new_width, new_height) != (columns, rows):
        image = cv2.resize(image, (new_width, new_height), interpolation=cv2.INTER_LINEAR)
    free_x, free_y = (width - new_width) / 2, (height - new_height) / 2
    left, right = round(free_x - 0.1), round(free_x + 0.1)
    top, bottom = round(free_y - 0.1), round(free_y + 0.1)
    canvas = cv2.copyMakeBorder(image, top, bottom, left, right, cv2.BORDER_CONSTANT, value=(PAD_VALUE,) * 3)
    return canvas, Placement(scale, left, top)


def place_boxes(boxes: np.ndarray, placement: Placement) -> np.ndarray:
    """Moves n×5 boxes (class, left, top, right, bottom) from picture to canvas pixels."""
    moved = boxes.copy()
    moved[:, 1:] *= placement.scale
    moved[:, [1, 3]] += placement.left
    moved[:, [2, 4]] += placement.top
    return moved
