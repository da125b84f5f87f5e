"""Scales to start fine-tuning from: those with the smallest expected cubed error on training pictures.

Squares would let the background decide, which is most of every picture; takt's own calibration weighs alike.
"""

import numpy as np
import torch
from torch import Tensor, fx

from quantize import HIGHEST, LOWEST, ActivationQuantizer, QuantizedDetector

_SAMPLES = 4000  # of each value in each batch, drawn at random
_CANDIDATES = 200
_SMALLEST_SHARE = 0.1  # of the largest magnitude


class _Sampler(fx.Interpreter):
    """Runs the network in float and keeps samples of what each quantizer is given."""

    def __init__(self, model: QuantizedDetector, rng: np.random.Generator) -> None:
        super().__init__(model.body)
        self._rng = rng
        self.samples: dict[str, list[Tensor]] = {name: [] for name in model.quantizers}

    def call_module(self, target: str, args: tuple, kwargs: dict) -> object:
        if not isinstance(self.module.get_submodule(target), ActivationQuantizer):
            return super().call_module(target, args, kwargs)
        flat = args[0].flatten()
        chosen = torch.from_numpy(self._rng.integers(0, len(flat), _SAMPLES))
        # The extreme belongs to the samples: it bounds the candidates.
        self.samples[target.rpartition(".")[2]].append(torch.cat((flat[chosen], flat.abs().max()[None])))
        return args[0]


def best_scale(samples: Tensor) -> float:
    """Among `_CANDIDATES` scales up to the one that clips nothing."""
    largest = samples.abs().max().item() / HIGHEST
    candidates = torch.linspace(_SMALLEST_SHARE, 1, _CANDIDATES) * largest
    errors = [
        (torch.fake_quantize_per_tensor_affine(samples, scale, 0, LOWEST, HIGHEST) - samples).abs_().pow_(3).mean().item()
        for scale in candidates.tolist()
    ]
    return candidates[int(np.argmin(errors))].item()


@torch.no_grad()
def set_initial_scales(model: QuantizedDetector, batches: list[Tensor], seed: int) -> None:
    """`batches` are images in 0..1. Scales that are not learned stay as they are."""
    sampler = _Sampler(model, np.random.default_rng(seed))
    for images in batches:
        sampler.run(images)
    for name, quantizer in model.quantizers.items():
        if quantizer.log2_scale.requires_grad:
            quantizer.set_scale(best_scale(torch.cat(sampler.samples[name])))
