"""score.py DATA SIZE FAMILY FILE...: mAP of each file on a YOLO data set by pycocotools, with YOLOv5's validation settings; a JSON line each."""
import contextlib
import io
import json
import sys

import cv2
import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

import yolo

data, size, family, *paths = sys.argv[1:]
size = int(size)
names, items = yolo.dataset(data)
truth = {"images": [], "annotations": [], "categories": [{"id": i, "name": name} for i, name in enumerate(names)]}
images = []
for number, (path, labels) in enumerate(items, 1):
    image = cv2.imread(path)
    height, width = image.shape[:2]
    truth["images"].append({"id": number, "width": width, "height": height})
    for class_id, cx, cy, w, h in labels:
        box = [(cx - w / 2) * width, (cy - h / 2) * height, w * width, h * height]
        truth["annotations"].append(
            {"id": len(truth["annotations"]) + 1, "image_id": number, "category_id": int(class_id), "bbox": box, "area": box[2] * box[3], "iscrowd": 0}
        )
    images.append((number, image))


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


for path in paths:
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
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = truth
        coco.createIndex()
        evaluation = COCOeval(coco, coco.loadRes(found), "bbox") if found else None
        if evaluation:
            evaluation.evaluate()
            evaluation.accumulate()
            evaluation.summarize()
    print(json.dumps({"file": path, "map50": float(evaluation.stats[1]) if evaluation else 0.0, "map50_95": float(evaluation.stats[0]) if evaluation else 0.0}), flush=True)
