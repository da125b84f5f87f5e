"""Writes the fine-tuned detector with QuantizeLinear and DequantizeLinear nodes, checked against PyTorch.

The nodes are those that PyTorch's exporter makes of fake quantization, as users of TensorRT export it: each value's pair
behind the value, each convolution's weights as float initializer → QuantizeLinear → DequantizeLinear, biases in float.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
import torch

from dataset import decode, make_sample
from export import INPUT_SIZE, OUTPUT_TOLERANCE, export, largest_difference
from forced_comparison import compare
from letterbox import letterbox
from network import Detector
from quantize import QuantizedDetector
from splits import CLASS_NAMES

_PICTURES = 8
# One runtime divides by the scale, the other multiplies by its reciprocal: a number on the border between two integers can
# become either. One such weight moves what its convolution makes by part of a step; a scale off by 2 % changes 6 % of
# the integers.
_STEP_TOLERANCE, _UNEQUAL_TOLERANCE = 0.25, 1e-4


def load_finetuned(checkpoint: Path) -> Detector | QuantizedDetector:
    """The averaged weights, decoding. Without fake quantization where the checkpoint was trained without."""
    stored = torch.load(checkpoint, weights_only=True)
    model: Detector | QuantizedDetector = Detector(len(CLASS_NAMES))
    model.fuse()
    if not stored["float"]:
        model = QuantizedDetector(model)
    model.load_state_dict(stored["weights"])
    model.eval()
    model.head.decoded = True
    return model


def take_names(target: Path, reference: Path) -> None:
    """Gives nodes and values the names that they have in the float file, which tracing has flattened.

    Raises ValueError where the two differ in anything but quantization.
    """
    proto = onnx.load(target)
    nodes = [node for node in proto.graph.node if node.op_type not in ("QuantizeLinear", "DequantizeLinear", "Constant")]
    originals = [node for node in onnx.load(reference).graph.node if node.op_type != "Constant"]
    if [node.op_type for node in nodes] != [node.op_type for node in originals]:
        raise ValueError(f"{target} is not {reference} with quantization added")
    names: dict[str, str] = {}
    for node, original in zip(nodes, originals, strict=True):
        node.name = original.name
        names.update(zip(node.output, original.output, strict=True))
    for node in proto.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    onnx.checker.check_model(proto, full_check=True)
    onnx.save(proto, target)


def calibration_pictures() -> list[np.ndarray]:
    canvases = [letterbox(decode(make_sample("calibration", i).jpeg), INPUT_SIZE, INPUT_SIZE)[0] for i in range(_PICTURES)]
    return [np.ascontiguousarray(canvas.transpose(2, 0, 1)[None], np.float32) / 255 for canvas in canvases]


def check(model: Detector | QuantizedDetector, target: Path) -> str:
    """Ends the program where ONNX Runtime computes something else than PyTorch; else says how close they are."""
    if not isinstance(model, QuantizedDetector):
        found = largest_difference(model, target)
        if found > OUTPUT_TOLERANCE:
            raise SystemExit(f"ONNX Runtime differs from PyTorch by {found}")
        return f"largest difference to PyTorch {found:.2g}"
    forced = compare(model, target, calibration_pictures())
    if forced.steps > _STEP_TOLERANCE or forced.unequal > _UNEQUAL_TOLERANCE or forced.output > OUTPUT_TOLERANCE:
        raise SystemExit(f"ONNX Runtime differs from PyTorch: {forced}")
    return f"largest differences to PyTorch {forced.steps:.2g} steps, {forced.unequal:.2g} of integers, {forced.output:.2g}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True, help="what finetune_qat.py wrote")
    parser.add_argument("--float-model", type=Path, required=True, help="the ONNX file that training started from")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    model = load_finetuned(options.checkpoint)
    export(model.body if isinstance(model, QuantizedDetector) else model, options.out)
    take_names(options.out, options.float_model)
    agreement = check(model, options.out)
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.2f} MB, {agreement}")


if __name__ == "__main__":
    main()
