"""What ONNX Runtime's own quantizer makes of the detector: the comparison figures of the model card."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static

# name → (nodes left out, further arguments of quantize_static). Everything not named here is the library's default:
# QDQ format, int8 activations and weights (S8S8), one scale a tensor, min-max ranges.
RECIPES: dict[str, tuple[str, dict[str, object]]] = {
    "ortDefault": ("none", {}),
    "ortDefaultHeadExcluded": ("decoding", {}),
    "ortTunedByHand": ("decoding", {"activation_type": QuantType.QUInt8, "per_channel": True}),
}


class _Pictures(CalibrationDataReader):
    def __init__(self, inputs: Iterator[np.ndarray]) -> None:
        self._inputs = inputs

    def get_next(self) -> dict[str, np.ndarray] | None:
        picture = next(self._inputs, None)
        return None if picture is None else {"images": picture}


def decoding_nodes(model: Path) -> list[str]:
    """The nodes behind the head's three convolutions: the arithmetic from raw values to pixels and scores."""
    graph = onnx.load(model).graph
    consumers: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            consumers.setdefault(name, []).append(node)
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    waiting = [user for conv in convolutions for user in consumers[conv.output[0]] if user.op_type == "Reshape"]
    found: list[str] = []
    while waiting:
        node = waiting.pop()
        if node.name not in found:
            found.append(node.name)
            waiting += [user for name in node.output for user in consumers.get(name, [])]
    return found


def quantize(model: Path, target: Path, recipe: str, inputs: Iterator[np.ndarray]) -> None:
    left_out, arguments = RECIPES[recipe]
    excluded = decoding_nodes(model) if left_out == "decoding" else []
    quantize_static(str(model), str(target), _Pictures(inputs), nodes_to_exclude=excluded, **arguments)
