"""score.py DATA SIZE FAMILY FILE...: mAP of each file on a YOLO data set; a JSON line each."""
import json
import sys

import scoring
import yolo

data, size, family, *paths = sys.argv[1:]
size = int(size)
names, items = yolo.dataset(data)
images = scoring.read_images(path for path, _ in items)
objects = []
for (number, image), (_, labels) in zip(images, items):
    height, width = image.shape[:2]
    for class_id, cx, cy, w, h in labels:
        objects.append((number, int(class_id), [(cx - w / 2) * width, (cy - h / 2) * height, w * width, h * height]))
labelled = scoring.truth(images, len(names), objects)
for path in paths:
    map50, map50_95 = scoring.score(scoring.detect(path, images, size, family), labelled)
    print(json.dumps({"file": path, "map50": map50, "map50_95": map50_95}), flush=True)
