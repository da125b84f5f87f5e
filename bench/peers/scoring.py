"""Detections of a file on images, and their mAP by pycocotools, with YOLOv5's validation settings; shared by the scripts beside it."""
import contextlib
import io

import cv2
import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

import yolo


def read_images(paths):
    """Image files -> [(number, BGR bytes)], numbered from 1."""
    return [(number, cv2.imread(path)) for number, path in enumerate(paths, 1)]


def suppress(boxes, scores, limit):
    order, kept = np.argsort(-scores, kind="stable"), []
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    while order.size and len(kept) < limit:
        best, rest = order[0], order[1:]
        kept.append(best)
        w = np.minimum(boxes[best, 2], boxes[rest, 2]) - np.maximum(boxes[best, 0], boxes[rest, 0])
        h = np.minimum(boxes[best, 3], boxes[rest, 3]) - np.maximum(boxes[best, 1], boxes[rest, 1])
        shared = np.maximum(w, 0) * np.maximum(h, 0)
        order = rest[shared / (areas[best] + areas[rest] - shared + 1e-12) <= 0.6]
    return kept


def detect(path, images, size, family):
    """What a file finds, as COCO's detections with boxes x, y, width, height in image pixels."""
    run, decode, found = yolo.load(path, 2), yolo.Decoder(size, family), []
    for number, image in images:
        planes, scale, left, top = yolo.letterbox(image, size, family)
        boxes, scores, classes = decode(run(yolo.to_input(planes, family)), 0.001, True)
        # Boxes of different classes lie apart, so that one suppression serves all.
        for i in suppress(boxes + classes[:, None] * 7680.0, scores, 300):
            x1, y1, x2, y2 = (boxes[i] - [left, top, left, top]) / scale
            x1, x2 = np.clip((x1, x2), 0, image.shape[1])
            y1, y2 = np.clip((y1, y2), 0, image.shape[0])
            box = [float(v) for v in (x1, y1, x2 - x1, y2 - y1)]
            found.append({"image_id": number, "category_id": int(classes[i]), "score": float(scores[i]), "bbox": box})
    return found


def truth(images, classes, objects):
    """COCO's ground truth: objects are (image number, class, box x, y, width, height in image pixels)."""
    annotations = [
        {"id": i, "image_id": number, "category_id": class_id, "bbox": box, "area": box[2] * box[3], "iscrowd": 0}
        for i, (number, class_id, box) in enumerate(objects, 1)
    ]
    return {
        "images": [{"id": number, "width": image.shape[1], "height": image.shape[0]} for number, image in images],
        "annotations": annotations,
        "categories": [{"id": i, "name": str(i)} for i in range(classes)],
    }


def score(found, ground_truth):
    """(mAP@0.5, mAP@0.5:0.95), fractions."""
    if not found:
        return 0.0, 0.0
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = ground_truth
        coco.createIndex()
        evaluation = COCOeval(coco, coco.loadRes(found), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return float(evaluation.stats[1]), float(evaluation.stats[0])
