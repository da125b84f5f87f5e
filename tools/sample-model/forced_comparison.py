"""ONNX Runtime against PyTorch for a file with Q and DQ nodes, one value at a time.

Comparing outputs alone says little: a value on the border between two integers falls on either side of it, and from there
on the two runtimes compute with different numbers. So PyTorch is given ONNX Runtime's integers behind every quantizer, and
what it makes of them is compared in front of the next.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, fx

from quantize import ActivationQuantizer, QuantizedDetector


@dataclass
class Difference:
    """Largest |difference| before rounding, in steps of int8; share of unequal integers; |difference| of the output."""

    steps: float = 0.0
    unequal: float = 0.0
    output: float = 0.0


def _pairs(proto: onnx.ModelProto) -> list[tuple[str, str]]:
    """What is quantized and what comes out of its DequantizeLinear, in the graph's order; weights left out."""
    weights = {each.name for each in proto.graph.initializer}
    quantized = {n.output[0]: n.input[0] for n in proto.graph.node if n.op_type == "QuantizeLinear"}
    restored = [n for n in proto.graph.node if n.op_type == "DequantizeLinear"]
    return [(quantized[n.input[0]], n.output[0]) for n in restored if quantized[n.input[0]] not in weights]


class _Forced(fx.Interpreter):
    def __init__(self, model: QuantizedDetector, pairs: list[tuple[Tensor, Tensor]]) -> None:
        super().__init__(model.body)
        self._pairs = iter(pairs)
        self.found = Difference()

    def call_module(self, target: str, args: tuple, kwargs: dict) -> object:
        quantizer = self.module.get_submodule(target)
        if not isinstance(quantizer, ActivationQuantizer):
            return super().call_module(target, args, kwargs)
        before, after = next(self._pairs)
        scale = float(quantizer.scale())
        unequal = (quantizer(before) - after).abs() > scale / 2
        self.found.steps = max(self.found.steps, (args[0] - before).abs().max().item() / scale)
        self.found.unequal = max(self.found.unequal, unequal.float().mean().item())
        return after


@torch.no_grad()
def compare(model: QuantizedDetector, target: Path, pictures: list[np.ndarray]) -> Difference:
    """`model` decodes; `pictures` are 1×3×rows×columns in 0..1. Gives the largest of all values and pictures."""
    proto = onnx.load(target)
    pairs = _pairs(proto)
    final = proto.graph.output[0].name
    names = [name for pair in pairs for name in pair if name != "images"]
    proto.graph.output.extend(onnx.ValueInfoProto(name=name) for name in dict.fromkeys(names))
    session = onnxruntime.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    outputs = [output.name for output in session.get_outputs()]
    worst = Difference()
    for images in pictures:
        values = {"images": images, **dict(zip(outputs, session.run(outputs, {"images": images}), strict=True))}
        tensors = {name: torch.from_numpy(value) for name, value in values.items()}
        forced = _Forced(model, [(tensors[before], tensors[after]) for before, after in pairs])
        output = forced.run(tensors["images"])
        found = forced.found
        difference = (output - tensors[final]).abs().max().item()
        worst = Difference(max(worst.steps, found.steps), max(worst.unequal, found.unequal), max(worst.output, difference))
    return worst
