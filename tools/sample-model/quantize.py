"""Fake quantization of the detector: int8, symmetric, with scales that training may move.

Where it stands follows TensorRT, which is the strictest of the runtimes: on everything that a convolution reads and on
its weights, on what an addition reads, never on a convolution's own output and not behind the last convolutions. Each
value has one quantizer however many nodes read it. Values that meet in a concatenation, a max-pool or a nearest-neighbour
upsampling share one, so that those nodes can copy integers.

First convolution: quantized too; its input has the fixed range 0..1 of images. Last convolutions: input and weights are
quantized, logits and decoding stay in float.
"""

import operator

import torch
from torch import Tensor, fx, nn

from network import DetectHead, Detector

LOWEST, HIGHEST = -128, 127
_SMALLEST_SCALE = 1e-12  # of a channel whose weights are all zero


class ActivationQuantizer(nn.Module):
    """One scale a tensor. The logarithm is what is learned, so that a step is relative whatever the range is.

    The gradient is that of learned step size quantization (Esser et al. 2020): `round(v) - v` inside the range, the bound
    outside of it, with v = x / scale.
    """

    def __init__(self, learned: bool = True) -> None:
        super().__init__()
        self.log2_scale = nn.Parameter(torch.zeros(()), requires_grad=learned)

    @torch.no_grad()
    def set_scale(self, scale: float) -> None:
        self.log2_scale.fill_(torch.log2(torch.tensor(scale)))

    def scale(self) -> Tensor:
        return torch.exp2(self.log2_scale)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return torch.fake_quantize_per_tensor_affine(x, float(self.scale()), 0, LOWEST, HIGHEST)
        return _StepSize.apply(x, self.scale())


class _StepSize(torch.autograd.Function):
    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, x: Tensor, scale: Tensor) -> Tensor:
        ctx.save_for_backward(x, scale)
        return torch.fake_quantize_per_tensor_affine(x, float(scale), 0, LOWEST, HIGHEST)

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, gradient: Tensor) -> tuple[Tensor, Tensor]:
        x, scale = ctx.saved_tensors
        v = x / scale
        inside = (v >= LOWEST) & (v <= HIGHEST)
        error = v.round().clamp_(LOWEST, HIGHEST).sub_(v.mul_(inside))
        return gradient * inside, (gradient * error).sum()


class QuantizedConv(nn.Conv2d):
    """Weights on an int8 grid, a scale for each output channel that always covers the largest weight of the channel."""

    def scales(self) -> list[float]:
        """Plain numbers: of a tensor the exporter would write how it is computed, not what it is."""
        largest = self.weight.detach().abs().amax((1, 2, 3))
        return (largest / HIGHEST).clamp_(min=_SMALLEST_SCALE).tolist()

    def forward(self, x: Tensor) -> Tensor:
        zero = torch.zeros(self.out_channels, dtype=torch.int32)
        scales = torch.tensor(self.scales())
        weight = torch.fake_quantize_per_channel_affine(self.weight, scales, zero, 0, LOWEST, HIGHEST)
        return self._conv_forward(x, weight, self.bias)


class _Tracer(fx.Tracer):
    """Sees through the network's own blocks, down to convolutions and activations; the head stays whole."""

    def is_leaf_module(self, module: nn.Module, qualified_name: str) -> bool:
        return isinstance(module, (DetectHead, QuantizedConv)) or super().is_leaf_module(module, qualified_name)


class QuantizedDetector(nn.Module):
    """The detector with fake quantization; it takes over the parameters of `model`, whose norms must be folded.

    `body` is the traced network, `quantizers` the distinct quantizers by the name of the first value that each serves.
    """

    def __init__(self, model: Detector) -> None:
        super().__init__()
        _quantize_weights(model)
        graph = _Tracer().trace(model)
        groups = _tied(graph, model)
        model.quantizers = nn.ModuleDict()
        for value in [node for node in graph.nodes if _is_quantized(node, model)]:
            first = groups[value]
            if first.name not in model.quantizers:
                model.quantizers[first.name] = ActivationQuantizer(learned=first.op != "placeholder")
            readers = list(value.users)
            with graph.inserting_after(value):
                quantized = graph.call_module(f"quantizers.{first.name}", (value,))
            for reader in readers:
                reader.replace_input_with(value, quantized)
        self.body = fx.GraphModule(model, graph)
        self.quantizers["images"].set_scale(1 / HIGHEST)

    @property
    def quantizers(self) -> dict[str, ActivationQuantizer]:
        return dict(self.body.get_submodule("quantizers").named_children())

    @property
    def head(self) -> DetectHead:
        return self.body.get_submodule("head")

    def forward(self, images: Tensor) -> list[Tensor] | Tensor:
        return self.body(images)


def _quantize_weights(model: Detector) -> None:
    for module in model.modules():
        if type(module) is nn.Conv2d:
            module.__class__ = QuantizedConv


def _module_of(node: fx.Node, model: Detector) -> nn.Module | None:
    return model.get_submodule(str(node.target)) if node.op == "call_module" else None


def _is_quantized(node: fx.Node, model: Detector) -> bool:
    made = node.op == "placeholder" or node.target in (operator.add, torch.cat)
    return made or isinstance(_module_of(node, model), nn.SiLU)


def _tied(graph: fx.Graph, model: Detector) -> dict[fx.Node, fx.Node]:
    """Each value's representative: the first of the values that it shares a scale with."""
    first = {node: node for node in graph.nodes}

    def find(node: fx.Node) -> fx.Node:
        while first[node] is not node:
            node = first[node]
        return node

    order = {node: place for place, node in enumerate(graph.nodes)}
    for node in graph.nodes:
        if node.target is torch.cat or isinstance(_module_of(node, model), (nn.MaxPool2d, nn.Upsample)):
            for source in node.all_input_nodes:
                a, b = sorted((find(source), find(node)), key=order.__getitem__)
                first[b] = a
    return {node: find(node) for node in graph.nodes}
