"""The anchor-matched detection loss: CIoU for boxes, binary cross-entropy for objectness and class.

A target is matched to every anchor whose sides differ from its own by less than a factor of four, in the cell that
holds its centre and in the two neighbouring cells nearest to that centre.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from network import STRIDES

_MAX_SIDE_RATIO = 4.0
_LEVEL_BALANCE = (4.0, 1.0, 0.4)  # objectness: the fine scale has the most cells and the rarest targets
_BOX_GAIN, _OBJECT_GAIN, _CLASS_GAIN = 1.5, 6.0, 1.0


@dataclass(frozen=True)
class Matches:
    """Per match: image, anchor, row, column; the target's centre relative to the cell and its size, in cells; class."""

    image: Tensor
    anchor: Tensor
    row: Tensor
    column: Tensor
    centre: Tensor
    size: Tensor
    kind: Tensor


def match(targets: Tensor, anchors: Tensor, stride: int, rows: int, columns: int) -> Matches:
    """`targets` is t×6: image, class, centre x and y, width, height in pixels; `anchors` is a×2 in pixels."""
    count, per_cell = len(targets), len(anchors)
    ratio = targets[None, :, 4:6] / anchors[:, None, :]
    fits = torch.maximum(ratio, 1 / ratio).amax(2) < _MAX_SIDE_RATIO
    anchor = torch.arange(per_cell)[:, None].expand(per_cell, count)[fits]
    kept = targets[None].expand(per_cell, count, 6)[fits]
    centre, size = kept[:, 2:4] / stride, kept[:, 4:6] / stride
    limits = torch.tensor([columns, rows])
    cell = centre.floor()
    inside = centre - cell
    step = torch.where(inside < 0.5, -1.0, 1.0)
    choices = []
    for axis in (None, 0, 1):
        offset = torch.zeros_like(step)
        if axis is not None:
            offset[:, axis] = step[:, axis]
        neighbour = (cell + offset).long()
        valid = ((neighbour >= 0) & (neighbour < limits)).all(1)
        choices.append((neighbour, valid))
    cells = torch.cat([neighbour[valid] for neighbour, valid in choices])
    source = torch.cat([torch.nonzero(valid).flatten() for _, valid in choices])
    return Matches(
        image=kept[source, 0].long(),
        anchor=anchor[source],
        row=cells[:, 1],
        column=cells[:, 0],
        centre=centre[source] - cells,
        size=size[source],
        kind=kept[source, 1].long(),
    )


def complete_iou(centre_a: Tensor, size_a: Tensor, centre_b: Tensor, size_b: Tensor) -> Tensor:
    """Intersection over union, less the normalised centre distance and the mismatch of aspect."""
    half_a, half_b = size_a / 2, size_b / 2
    low_a, high_a, low_b, high_b = centre_a - half_a, centre_a + half_a, centre_b - half_b, centre_b + half_b
    overlap = (torch.minimum(high_a, high_b) - torch.maximum(low_a, low_b)).clamp(min=0).prod(1)
    union = size_a.prod(1) + size_b.prod(1) - overlap + 1e-7
    iou = overlap / union
    hull = (torch.maximum(high_a, high_b) - torch.minimum(low_a, low_b)).square().sum(1) + 1e-7
    distance = (centre_a - centre_b).square().sum(1) / hull
    turn = torch.atan(size_b[:, 0] / size_b[:, 1]) - torch.atan(size_a[:, 0] / (size_a[:, 1] + 1e-7))
    aspect = (4 / math.pi**2) * turn.square()
    with torch.no_grad():
        weight = aspect / (aspect - iou + 1 + 1e-7)
    return iou - distance - weight * aspect


def detection_loss(raw: list[Tensor], targets: Tensor, anchors: Tensor) -> tuple[Tensor, tuple[float, float, float]]:
    """The loss to minimise and its parts (box, object, class) for the log."""
    box_loss, object_loss, class_loss = torch.zeros(()), torch.zeros(()), torch.zeros(())
    for level, (values, stride) in enumerate(zip(raw, STRIDES, strict=True)):
        rows, columns, classes = values.shape[2], values.shape[3], values.shape[4] - 5
        found = match(targets, anchors[level], stride, rows, columns)
        objectness = torch.zeros(values.shape[:4])
        if len(found.image) > 0:
            chosen = values[found.image, found.anchor, found.row, found.column].float()
            centre = chosen[:, 0:2].sigmoid() * 2 - 0.5
            size = (chosen[:, 2:4].sigmoid() * 2) ** 2 * (anchors[level][found.anchor] / stride)
            iou = complete_iou(centre, size, found.centre, found.size)
            box_loss = box_loss + (1 - iou).mean()
            # Where several targets share a cell, the best-fitting one sets the objectness.
            order = iou.detach().argsort()
            where = (found.image[order], found.anchor[order], found.row[order], found.column[order])
            objectness[where] = iou.detach().clamp(min=0)[order]
            wanted = F.one_hot(found.kind, classes).float()
            class_loss = class_loss + F.binary_cross_entropy_with_logits(chosen[:, 5:], wanted)
        cross_entropy = F.binary_cross_entropy_with_logits(values[..., 4].float(), objectness)
        object_loss = object_loss + _LEVEL_BALANCE[level] * cross_entropy
    total = _BOX_GAIN * box_loss + _OBJECT_GAIN * object_loss + _CLASS_GAIN * class_loss
    return total, (box_loss.item(), object_loss.item(), class_loss.item())
