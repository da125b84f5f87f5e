"""Quantization-aware fine-tuning: from the shipped float detector to weights and scales that int8 serves well.

Norms are folded before, so that training sees the weights that are quantized. Everything is in float32: bfloat16 rounds
more coarsely than half a step of int8. Pictures are padded to 320×320, as the exported network is fed.
"""

import argparse
import copy
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from from_onnx import detector_from_onnx
from initial_scales import set_initial_scales
from loss import detection_loss
from pool import Pool, open_pool
from quantize import QuantizedDetector
from train import learning_rate, load_batch, parameter_groups, squared, update_average, validate

_SEED = 20261125
_GRADIENT_LIMIT = 10.0
_CALIBRATION_BATCHES, _CALIBRATION_BATCH = 8, 16


def calibration_batches(pool: Pool) -> list[Tensor]:
    """Training pictures as they are, neither flipped nor relit."""
    count = _CALIBRATION_BATCHES * _CALIBRATION_BATCH
    pixels = torch.from_numpy(np.array(pool.images[:count])).permute(0, 3, 1, 2)
    return [each.float().div_(255) for each in pixels.split(_CALIBRATION_BATCH)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="float detector, ONNX")
    parser.add_argument("--pool", type=Path, required=True, help="folder that pool.py wrote")
    parser.add_argument("--out", type=Path, required=True, help="checkpoint to write")
    parser.add_argument("--steps", type=int, required=True, help="0: initial scales only")
    parser.add_argument("--warmup", type=int, default=20)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--peak", type=float, default=1e-4, help="highest learning rate")
    parser.add_argument("--decay", type=float, default=0.03)
    parser.add_argument("--float", action="store_true", help="train as long without fake quantization, to compare with")
    parser.add_argument("--validate-every", type=int, default=100)
    options = parser.parse_args()

    torch.manual_seed(_SEED)
    train, validation = (squared(open_pool(split, options.pool)) for split in ("train", "validation"))
    model: nn.Module = detector_from_onnx(options.model)
    if not options.float:
        model = QuantizedDetector(model)
        set_initial_scales(model, calibration_batches(train), _SEED)
    model = model.to(memory_format=torch.channels_last)
    average = copy.deepcopy(model)
    weights = [p for p in model.parameters() if p.ndim > 0]
    optimizer = torch.optim.AdamW(parameter_groups(model, options.decay), lr=options.peak, betas=(0.937, 0.999))
    order_rng = np.random.default_rng([_SEED, options.steps])
    order = np.empty(0, np.int64)
    sums, seen, started = np.zeros(3), 0, time.monotonic()

    def keep(step: int) -> None:
        scores = validate(copy.deepcopy(average), validation)
        print(f"step {step} mAP@0.5 {scores['map50']} mAP@0.5:0.95 {scores['map50_95']}", flush=True)
        torch.save({"weights": average.state_dict(), "step": step, "float": options.float, "validation": scores}, options.out)

    keep(0)
    for step in range(options.steps):
        if len(order) < options.batch:
            order = order_rng.permutation(len(train.boxes))
        chosen, order = order[: options.batch], order[options.batch :]
        images, targets = load_batch(train, chosen, np.random.default_rng([_SEED, options.steps, step]))
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, options.steps, options.warmup, options.peak)
        model.train()
        loss, parts = detection_loss(model(images), targets, model.head.anchors)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        # The scales' gradients are sums over whole tensors: in one norm with them the others would vanish.
        torch.nn.utils.clip_grad_norm_(weights, _GRADIENT_LIMIT)
        optimizer.step()
        update_average(average, model, step)
        sums, seen = sums + parts, seen + 1
        if (step + 1) % 10 == 0:
            speed = (step + 1) * options.batch / (time.monotonic() - started)
            box, objects, kind = sums / seen
            print(f"step {step + 1} box {box:.3f} object {objects:.4f} class {kind:.3f} {speed:.1f} images/s", flush=True)
            sums, seen = np.zeros(3), 0
        if (step + 1) % options.validate_every == 0 or step + 1 == options.steps:
            keep(step + 1)


if __name__ == "__main__":
    main()
