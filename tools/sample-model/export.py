"""Writes the ONNX file: batch norm folded, boxes decoded in the graph, names and stride in the metadata."""

import argparse
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

from network import STRIDES, Detector
from splits import CLASS_NAMES

INPUT_SIZE = 320
OPSET = 13
OUTPUT_TOLERANCE = 1e-3  # pixels; scores agree far better


def load_detector(checkpoint: Path) -> Detector:
    model = Detector(len(CLASS_NAMES))
    model.load_state_dict(torch.load(checkpoint, weights_only=True)["weights"])
    model.eval()
    model.fuse()
    model.head.decoded = True
    return model


def export(model: nn.Module, target: Path) -> None:
    """`model` decodes its boxes: images of 1×3×320×320 in 0..1 to 1×6300×(5+C)."""
    example = torch.zeros(1, 3, INPUT_SIZE, INPUT_SIZE)
    target.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # The tracing exporter keeps one node per operation, as runtimes and quantizers for this family expect.
        torch.onnx.export(
            model,
            (example,),
            str(target),
            opset_version=OPSET,
            dynamo=False,
            do_constant_folding=True,
            input_names=["images"],
            output_names=["output0"],
        )
    proto = onnx.load(target)
    onnx.helper.set_model_props(
        proto, {"stride": str(STRIDES[-1]), "names": str(dict(enumerate(CLASS_NAMES)))}
    )
    onnx.checker.check_model(proto, full_check=True)
    onnx.save(proto, target)


@torch.no_grad()
def largest_difference(model: nn.Module, target: Path) -> float:
    """ONNX Runtime against PyTorch on random pictures."""
    session = onnxruntime.InferenceSession(str(target), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    worst = 0.0
    for _ in range(4):
        images = rng.random((1, 3, INPUT_SIZE, INPUT_SIZE), dtype=np.float32)
        (output,) = session.run(None, {"images": images})
        worst = max(worst, float(np.abs(output - model(torch.from_numpy(images)).numpy()).max()))
    return worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    model = load_detector(options.checkpoint)
    export(model, options.out)
    difference = largest_difference(model, options.out)
    if difference > OUTPUT_TOLERANCE:
        raise SystemExit(f"ONNX Runtime differs from PyTorch by {difference}")
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.2f} MB, largest difference to PyTorch {difference:.2g}")


if __name__ == "__main__":
    main()
