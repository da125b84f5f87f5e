"""Letterbox, scaling, engines, decode and data sets of YOLOv5 and YOLOX, shared by the scripts beside it."""
import glob
import os

import cv2
import numpy as np
import yaml

STRIDES = (8, 16, 32)


def images_in(folder, limit=None):
    """Image files under a folder, sorted by path; with a limit the seeded sample of that size."""
    found = sorted(p for ext in ("jpg", "jpeg", "png", "bmp") for p in glob.glob(f"{folder}/**/*.{ext}", recursive=True))
    if limit is None or limit >= len(found):
        return found
    return [found[i] for i in sorted(np.random.default_rng(0).permutation(len(found))[:limit])]


def letterbox(image, size, family):
    """BGR HxWx3 bytes -> (3xSxS bytes in the family's channel order, scale, left, top)."""
    height, width = image.shape[:2]
    scale = min(size / height, size / width)
    new_width, new_height = round(width * scale), round(height * scale)
    if family == "yolox":
        left = top = 0
    else:
        left, top = round((size - new_width) / 2 - 0.1), round((size - new_height) / 2 - 0.1)
    canvas = np.full((size, size, 3), 114, np.uint8)
    canvas[top : top + new_height, left : left + new_width] = cv2.resize(image, (new_width, new_height), interpolation=cv2.INTER_LINEAR)
    if family != "yolox":
        canvas = canvas[:, :, ::-1]
    return np.ascontiguousarray(canvas.transpose(2, 0, 1)), scale, left, top


def to_input(planes, family):
    """3xSxS bytes -> 1x3xSxS floats as the family was trained with."""
    floats = planes.astype(np.float32)
    if family != "yolox":
        floats *= np.float32(1 / 255)
    return floats[None]


def load(path, threads):
    """A file -> function from input to output. OpenVINO for .xml and openvino:*.onnx, else ONNX Runtime."""
    if path.startswith("openvino:") or path.endswith(".xml"):
        import openvino as ov

        compiled = ov.Core().compile_model(path.removeprefix("openvino:"), "CPU", {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads})
        request = compiled.create_infer_request()
        return lambda x: request.infer({0: x})[0]
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda x: session.run(None, {name: x})[0]


class Decoder:
    """Network output -> boxes (x1, y1, x2, y2 in network pixels), scores and classes above a confidence."""

    def __init__(self, size, family):
        self.family = family
        if family == "yolox":
            cells = [np.stack(np.meshgrid(np.arange(size // s), np.arange(size // s)), -1).reshape(-1, 2) for s in STRIDES]
            self.cells = np.concatenate(cells).astype(np.float32)
            self.strides = np.concatenate([np.full((len(c), 1), s, np.float32) for c, s in zip(cells, STRIDES)])

    def __call__(self, output, confidence, multi_label):
        rows = output[0]
        keep = np.flatnonzero(rows[:, 4] > confidence)
        rows = rows[keep]
        xy, wh = rows[:, :2], rows[:, 2:4]
        if self.family == "yolox":
            xy, wh = (xy + self.cells[keep]) * self.strides[keep], np.exp(wh) * self.strides[keep]
        scores = rows[:, 4:5] * rows[:, 5:]
        if multi_label:
            index, classes = np.nonzero(scores > confidence)
        else:
            classes = scores.argmax(1)
            index = np.flatnonzero(scores[np.arange(len(rows)), classes] > confidence)
            classes = classes[index]
        half = wh[index] / 2
        return np.concatenate((xy[index] - half, xy[index] + half), 1), scores[index, classes], classes


def dataset(path):
    """data.yaml -> (class names, [(image path, rows of class and normalised xywh)]) of its validation split."""
    with open(path) as file:
        config = yaml.safe_load(file)
    root = os.path.join(os.path.dirname(os.path.abspath(path)), config.get("path", "."))
    items = []
    for image in images_in(os.path.join(root, config["val"])):
        label = os.path.splitext(image.replace(f"{os.sep}images{os.sep}", f"{os.sep}labels{os.sep}"))[0] + ".txt"
        rows = np.loadtxt(label, ndmin=2) if os.path.exists(label) and os.path.getsize(label) else np.zeros((0, 5))
        items.append((image, rows))
    names = config["names"]
    return (list(names.values()) if isinstance(names, dict) else names), items
