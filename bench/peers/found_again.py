"""found_again.py IMAGES SIZE FAMILY FP32 FILE...: where there are no labels, mAP of each file with FP32's boxes as ground truth.

A JSON line each. Boxes count from the highest score on that enough of them have, as in takt's own gate.
"""
import json
import sys

import scoring
import yolo

LEAST_SCORES = (0.25, 0.1, 0.05, 0.02, 0.01)
ENOUGH_BOXES = 20
# COCO's evaluation reads so many detections of a class in an image at most.
MOST_OF_A_CLASS = 100

folder, size, family, fp32, *paths = sys.argv[1:]
size = int(size)
images = scoring.read_images(yolo.images_in(folder))
own = sorted(scoring.detect(fp32, images, size, family), key=lambda each: -each["score"])
least = next((s for s in LEAST_SCORES if sum(each["score"] >= s for each in own) >= ENOUGH_BOXES), LEAST_SCORES[-1])
counts, objects = {}, []
for each in own:
    key = each["image_id"], each["category_id"]
    counts[key] = counts.get(key, 0) + 1
    if each["score"] >= least and counts[key] <= MOST_OF_A_CLASS:
        objects.append((each["image_id"], each["category_id"], each["bbox"]))
labelled = scoring.truth(images, 1 + max((each["category_id"] for each in own), default=0), objects)
for path in paths:
    found = [each for each in scoring.detect(path, images, size, family) if each["category_id"] < len(labelled["categories"])]
    _, map50_95 = scoring.score(found, labelled)
    print(json.dumps({"file": path, "least_score": least, "boxes": len(objects), "map50_95": map50_95}), flush=True)
