"""Trains the detector on the CPU and writes a checkpoint with the averaged weights after every validation."""

import argparse
import copy
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from letterbox import PAD_VALUE
from loss import detection_loss
from metrics import detections, mean_average_precision
from network import Detector
from pool import Pool, open_pool
from splits import CLASS_NAMES

_ORDER_SEED = 20261123
_AVERAGE_DECAY = 0.9985
_GRADIENT_LIMIT = 10.0


def learning_rate(step: int, steps: int, warmup: int, peak: float) -> float:
    """Linear warm-up, then a cosine down to a fiftieth of the peak."""
    if step < warmup:
        return peak * (step + 1) / warmup
    share = (step - warmup) / max(1, steps - warmup)
    return peak * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * share)))


def squared(pool: Pool) -> Pool:
    """The same pool on canvases as high as wide: what the exported network is fed."""
    count, rows, columns, channels = pool.images.shape
    above = (columns - rows) // 2
    images = np.full((count, columns, columns, channels), PAD_VALUE, np.uint8)
    images[:, above : above + rows] = pool.images
    return Pool(images, [boxes + np.array([0, 0, above, 0, above], np.float32) for boxes in pool.boxes])


def load_batch(pool: Pool, chosen: np.ndarray, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Images in 0..1 and targets (image, class, centre, size), flipped and relit at random."""
    count = len(chosen)
    pixels = np.array(pool.images[np.sort(chosen)])
    rows, columns = pixels.shape[1:3]
    targets = []
    for place, index in enumerate(np.sort(chosen)):
        boxes = pool.boxes[index].copy()
        if rng.random() < 0.5:
            pixels[place] = pixels[place, :, ::-1]
            boxes[:, [1, 3]] = columns - boxes[:, [3, 1]]
        if rng.random() < 0.5:
            pixels[place] = pixels[place, ::-1]
            boxes[:, [2, 4]] = rows - boxes[:, [4, 2]]
        corners = boxes[:, 1:]
        centre, size = (corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]
        targets.append(np.concatenate([np.full((len(boxes), 1), place), boxes[:, :1], centre, size], 1))
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).float().div_(255)
    gain = torch.from_numpy(rng.uniform(0.8, 1.25, (count, 1, 1, 1)) * rng.uniform(0.97, 1.03, (count, 3, 1, 1))).float()
    images = images.mul_(gain).clamp_(0, 1).contiguous(memory_format=torch.channels_last)
    return images, torch.from_numpy(np.concatenate(targets)).float()


@torch.no_grad()
def validate(model: Detector, pool: Pool) -> dict[str, object]:
    model.eval()
    model.head.decoded = True
    found = []
    for start in range(0, len(pool.boxes), 32):
        pixels = torch.from_numpy(np.array(pool.images[start : start + 32]))
        images = pixels.permute(0, 3, 1, 2).float().div_(255).contiguous(memory_format=torch.channels_last)
        found += [detections(each) for each in model(images).numpy()]
    model.head.decoded = False
    return mean_average_precision(pool.boxes, found)


@torch.no_grad()
def update_average(average: Detector, model: Detector, step: int) -> None:
    decay = _AVERAGE_DECAY * (1 - math.exp(-(step + 1) / 300))
    for kept, now in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
        if kept.dtype.is_floating_point:
            kept.lerp_(now, 1 - decay)


def parameter_groups(model: Detector, decay: float) -> list[dict[str, object]]:
    """Weight decay for convolution kernels only, not for norms and biases."""
    kernels = [p for p in model.parameters() if p.ndim == 4]
    rest = [p for p in model.parameters() if p.ndim != 4]
    return [{"params": kernels, "weight_decay": decay}, {"params": rest, "weight_decay": 0.0}]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pool", type=Path, required=True, help="folder that pool.py wrote")
    parser.add_argument("--out", type=Path, required=True, help="checkpoint to write")
    parser.add_argument("--start", type=Path, help="checkpoint whose averaged weights to start from")
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--warmup", type=int, default=300)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--peak", type=float, default=2.5e-3, help="highest learning rate")
    parser.add_argument("--decay", type=float, default=0.03)
    parser.add_argument("--square", action="store_true", help="train on 320×320, padding included, as exported")
    parser.add_argument("--compile", action="store_true", help="a fifth faster after some minutes of compiling")
    parser.add_argument("--validate-every", type=int, default=500)
    options = parser.parse_args()

    torch.manual_seed(_ORDER_SEED)
    train, validation = open_pool("train", options.pool), open_pool("validation", options.pool)
    if options.square:
        train, validation = squared(train), squared(validation)
    model = Detector(len(CLASS_NAMES))
    if options.start is not None:
        model.load_state_dict(torch.load(options.start, weights_only=True)["weights"])
    model = model.to(memory_format=torch.channels_last)
    average = copy.deepcopy(model)
    forward = torch.compile(model) if options.compile else model
    optimizer = torch.optim.AdamW(parameter_groups(model, options.decay), lr=options.peak, betas=(0.937, 0.999))
    order_rng = np.random.default_rng([_ORDER_SEED, options.steps])
    order = np.empty(0, np.int64)
    sums, seen, started = np.zeros(3), 0, time.monotonic()

    for step in range(options.steps):
        if len(order) < options.batch:
            order = order_rng.permutation(len(train.boxes))
        chosen, order = order[: options.batch], order[options.batch :]
        images, targets = load_batch(train, chosen, np.random.default_rng([_ORDER_SEED, options.steps, step]))
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, options.steps, options.warmup, options.peak)
        model.train()
        with torch.autocast("cpu", torch.bfloat16):
            raw = forward(images)
        loss, parts = detection_loss(raw, targets, model.head.anchors)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), _GRADIENT_LIMIT)
        optimizer.step()
        update_average(average, model, step)
        sums, seen = sums + parts, seen + 1
        if (step + 1) % 50 == 0:
            speed = (step + 1) * options.batch / (time.monotonic() - started)
            box, objects, kind = sums / seen
            print(f"step {step + 1} box {box:.3f} object {objects:.4f} class {kind:.3f} {speed:.1f} images/s", flush=True)
            sums, seen = np.zeros(3), 0
        if (step + 1) % options.validate_every == 0 or step + 1 == options.steps:
            scores = validate(copy.deepcopy(average), validation)
            print(f"step {step + 1} mAP@0.5 {scores['map50']} mAP@0.5:0.95 {scores['map50_95']}", flush=True)
            torch.save({"weights": average.state_dict(), "step": step + 1, "validation": scores}, options.out)


if __name__ == "__main__":
    main()
