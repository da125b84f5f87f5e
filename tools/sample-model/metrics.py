"""From raw network output to mAP: confidence filter, per-class suppression, and pycocotools' figures."""

import contextlib
import io

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from splits import CLASS_NAMES

CONFIDENCE = 0.001
SUPPRESSION_IOU = 0.6
MAX_DETECTIONS = 300
_MAX_CANDIDATES = 30000


def detections(output: np.ndarray) -> np.ndarray:
    """`output` is N×(5+C) in pixels. Returns k×6, best first: left, top, right, bottom, score, class.

    Multi-label: an anchor counts once for every class whose score (objectness × class) passes the threshold.
    """
    output = output[output[:, 4] > CONFIDENCE]
    scores = output[:, 4:5] * output[:, 5:]
    anchor, kind = np.nonzero(scores > CONFIDENCE)
    score = scores[anchor, kind]
    order = np.argsort(-score, kind="stable")[:_MAX_CANDIDATES]
    anchor, kind, score = anchor[order], kind[order], score[order]
    half = output[anchor, 2:4] / 2
    boxes = np.concatenate([output[anchor, 0:2] - half, output[anchor, 0:2] + half], 1)
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    alive = np.ones(len(boxes), bool)
    kept: list[int] = []
    for best in range(len(boxes)):
        if not alive[best]:
            continue
        kept.append(best)
        if len(kept) == MAX_DETECTIONS:
            break
        width = np.minimum(boxes[:, 2], boxes[best, 2]) - np.maximum(boxes[:, 0], boxes[best, 0])
        height = np.minimum(boxes[:, 3], boxes[best, 3]) - np.maximum(boxes[:, 1], boxes[best, 1])
        overlap = np.clip(width, 0, None) * np.clip(height, 0, None)
        iou = overlap / (area + area[best] - overlap + 1e-9)
        alive &= ~((iou > SUPPRESSION_IOU) & (kind == kind[best]))
    return np.concatenate([boxes[kept], score[kept, None], kind[kept, None]], 1)


def mean_average_precision(truth: list[np.ndarray], found: list[np.ndarray]) -> dict[str, object]:
    """`truth[i]` is n×5 (class, box corners), `found[i]` is k×6 as `detections` gives it, in the same pixels."""
    annotations, results = [], []
    for image, (boxes, objects) in enumerate(zip(truth, found, strict=True), start=1):
        for kind, left, top, right, bottom in boxes.astype(float).tolist():
            size = [left, top, right - left, bottom - top]
            entry = {"image_id": image, "category_id": int(kind), "bbox": size, "area": size[2] * size[3], "iscrowd": 0}
            annotations.append({"id": len(annotations) + 1, **entry})
        for left, top, right, bottom, score, kind in objects.astype(float).tolist():
            size = [left, top, right - left, bottom - top]
            results.append({"image_id": image, "category_id": int(kind), "bbox": size, "score": score})
    if not results:
        return {"map50": 0.0, "map50_95": 0.0, "perClassMap50": dict.fromkeys(CLASS_NAMES, 0.0)}
    with contextlib.redirect_stdout(io.StringIO()):
        dataset = COCO()
        dataset.dataset = {
            "info": {},
            "images": [{"id": image} for image in range(1, len(truth) + 1)],
            "annotations": annotations,
            "categories": [{"id": number, "name": name} for number, name in enumerate(CLASS_NAMES)],
        }
        dataset.createIndex()
        evaluation = COCOeval(dataset, dataset.loadRes(results), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    precision = evaluation.eval["precision"][0, :, :, 0, -1]
    per_class = {name: round(float(precision[:, number].mean()), 4) for number, name in enumerate(CLASS_NAMES)}
    return {
        "map50": round(float(evaluation.stats[1]), 4),
        "map50_95": round(float(evaluation.stats[0]), 4),
        "perClassMap50": per_class,
    }
