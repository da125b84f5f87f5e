"""Measures the exported model on the held-out split, on request also its quantized forms: what ONNX Runtime's own
quantizer makes of it, and the file from quantization-aware fine-tuning.

The held-out images are made from their seed; nothing has to be stored. `--write-dataset` writes them in YOLO layout,
so that another evaluator can be compared on the same files.
"""

import argparse
import datetime
import json
import multiprocessing
import platform
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np
import onnxruntime

from dataset import decode, make_sample, write_split
from default_quantization import RECIPES, quantize
from letterbox import Placement, letterbox
from metrics import CONFIDENCE, MAX_DETECTIONS, SUPPRESSION_IOU, detections, mean_average_precision
from splits import IMAGE_HEIGHT, IMAGE_WIDTH, SPLITS

_SIDE = 320
_REPORTED_VERSIONS = ("numpy", "opencv-python-headless", "onnx", "onnxruntime", "pycocotools")

Picture = tuple[np.ndarray, np.ndarray, Placement]


def _prepare(job: tuple[str, int]) -> Picture:
    cv2.setNumThreads(1)
    split, index = job
    sample = make_sample(split, index)
    canvas, placement = letterbox(decode(sample.jpeg), _SIDE, _SIDE)
    return canvas, sample.boxes, placement


def prepare(split: str, size: int) -> list[Picture]:
    with multiprocessing.Pool() as workers:
        return workers.map(_prepare, [(split, index) for index in range(size)], chunksize=16)


def as_input(canvas: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(canvas.transpose(2, 0, 1)[None], np.float32) / 255


def to_picture(objects: np.ndarray, placement: Placement) -> np.ndarray:
    """Moves detections from canvas to picture pixels and clips them there."""
    moved = objects.copy()
    moved[:, [0, 2]] = np.clip((moved[:, [0, 2]] - placement.left) / placement.scale, 0, IMAGE_WIDTH)
    moved[:, [1, 3]] = np.clip((moved[:, [1, 3]] - placement.top) / placement.scale, 0, IMAGE_HEIGHT)
    return moved


def measure(model: Path, pictures: list[Picture]) -> dict[str, object]:
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    found = []
    for canvas, _, placement in pictures:
        (output,) = session.run(None, {"images": as_input(canvas)})
        found.append(to_picture(detections(output[0]), placement))
    return mean_average_precision([boxes for _, boxes, _ in pictures], found)


def calibration_inputs() -> Iterator[np.ndarray]:
    for index in range(SPLITS["calibration"].size):
        yield as_input(_prepare(("calibration", index))[0])


def host() -> str:
    names = [line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line]
    return f"{len(names)} × {names[0]}" if names else platform.processor()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="ONNX file to measure")
    parser.add_argument("--split", choices=sorted(SPLITS), default="held-out")
    parser.add_argument("--size", type=int, help="number of images (default: the split's)")
    parser.add_argument("--quantize", action="store_true", help="measure ONNX Runtime's own INT8 recipes as well")
    parser.add_argument("--qat", type=Path, help="fine-tuned file with Q and DQ nodes to measure as well")
    parser.add_argument("--figures", type=Path, help="JSON file to write the figures to")
    parser.add_argument("--write-dataset", type=Path, help="folder to write the split to in YOLO layout")
    options = parser.parse_args()
    if options.model is None and options.write_dataset is None:
        parser.error("name a --model to measure, or a folder for --write-dataset")
    size = SPLITS[options.split].size if options.size is None else options.size
    if options.write_dataset is not None:
        write_split(options.split, options.write_dataset, size=size)
    if options.model is None:
        return

    pictures = prepare(options.split, size)
    results = {"fp32": measure(options.model, pictures)}
    if options.quantize:
        for recipe in RECIPES:
            with tempfile.TemporaryDirectory() as folder:
                target = Path(folder) / "quantized.onnx"
                quantize(options.model, target, recipe, calibration_inputs())
                results[recipe] = measure(target, pictures)
    if options.qat is not None:
        results["qat"] = measure(options.qat, pictures)
    figures = {
        "date": datetime.date.today().isoformat(),
        "host": host(),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in _REPORTED_VERSIONS}},
        "split": options.split,
        "images": size,
        "emptyImages": sum(len(boxes) == 0 for _, boxes, _ in pictures),
        "objects": sum(len(boxes) for _, boxes, _ in pictures),
        "evaluation": {
            "confidence": CONFIDENCE,
            "suppressionIou": SUPPRESSION_IOU,
            "multiLabel": True,
            "maxDetections": MAX_DETECTIONS,
        },
        "results": results,
    }
    text = json.dumps(figures, indent=2) + "\n"
    if options.figures is not None:
        options.figures.write_text(text)
    print(text, end="")


if __name__ == "__main__":
    main()
