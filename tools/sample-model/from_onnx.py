"""Reads the float detector back from its ONNX file, so that fine-tuning starts from exactly what is shipped.

The exporter names initializers as the network names its parameters, batch norm already folded. Run as a program, it
checks the network that it rebuilt against ONNX Runtime.
"""

import argparse
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper

from export import OUTPUT_TOLERANCE, largest_difference
from network import Detector
from splits import CLASS_NAMES


def detector_from_onnx(source: Path) -> Detector:
    """The network in evaluation mode, norms folded, boxes not decoded. Raises where names or shapes do not fit."""
    model = Detector(len(CLASS_NAMES))
    model.fuse()
    graph = onnx.load(source).graph
    weights = {each.name: torch.from_numpy(numpy_helper.to_array(each).copy()) for each in graph.initializer}
    model.load_state_dict(weights)
    return model.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    options = parser.parse_args()
    model = detector_from_onnx(options.model)
    model.head.decoded = True
    difference = largest_difference(model, options.model)
    if difference > OUTPUT_TOLERANCE:
        raise SystemExit(f"ONNX Runtime differs from the rebuilt network by {difference}")
    print(f"{options.model}: largest difference to the rebuilt network {difference:.2g}")


if __name__ == "__main__":
    main()
