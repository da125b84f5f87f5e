"""Ground truths and detections in every corner of COCO's rules, with the figures that pycocotools gives for them.

A case is a function of (seed, kind, index) alone. Boxes are written as they are evaluated, so that rounding is the same on both sides.
"""

import argparse
import contextlib
import gzip
import io
import json
import random
from importlib.metadata import version
from pathlib import Path

import numpy
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

SEED = 20_261_130
PER_KIND = 20
# Sides and areas on both sides of the borders between small, medium and large, and on them.
BORDER_SIZES = [(32, 32), (31.9, 32.1), (64, 16), (16, 64), (96, 96), (95.9, 96.1), (144, 64), (192, 48), (32, 31.9), (96.1, 96)]
BORDER_AREAS = [1023.9, 1024, 1024.1, 9215.9, 9216, 9216.1, 0, 1e5]


def box(rng, low=1.0, high=220.0):
    width, height = rng.uniform(low, high), rng.uniform(low, high)
    return [round(value, 1) for value in (rng.uniform(-10, 600), rng.uniform(-10, 440), width, height)]


def near(rng, bbox, spread):
    """A box that overlaps `bbox` more or less."""
    x, y, width, height = bbox
    moved = [x + rng.gauss(0, spread) * width, y + rng.gauss(0, spread) * height]
    sizes = [width * rng.uniform(1 - spread, 1 + spread), height * rng.uniform(1 - spread, 1 + spread)]
    return [round(value, 1) for value in moved + [max(size, 0.1) for size in sizes]]


class Case:
    def __init__(self, rng, images, categories):
        self.rng = rng
        # Ids with gaps, in no order.
        self.images = rng.sample(range(1, 1000), images)
        self.categories = rng.sample(range(1, 200), categories)
        self.annotations = []
        self.detections = []

    def truth(self, image, category, bbox, area=None, crowd=0):
        area = round(bbox[2] * bbox[3], 3) if area is None else area
        self.annotations.append([len(self.annotations) + 1, image, category, *bbox, area, crowd])

    def found(self, image, category, bbox, score):
        self.detections.append([image, category, *bbox, score])

    def places(self):
        return [(image, category) for image in self.images for category in self.categories]


def fill(case, objects, hits, alarms, spread=0.12, score=None, make=box):
    """Random objects, detections near them, false alarms."""
    rng = case.rng
    score = score or (lambda: round(rng.random(), 3))
    for image, category in case.places():
        for _ in range(rng.randint(0, objects)):
            bbox = make(rng)
            case.truth(image, category, bbox)
            for _ in range(rng.randint(0, hits)):
                case.found(image, category, near(rng, bbox, rng.choice([0.0, spread / 3, spread, spread * 2])), score())
        for _ in range(rng.randint(0, alarms)):
            case.found(image, category, make(rng), score())


def plain(rng):
    case = Case(rng, rng.randint(2, 6), rng.randint(1, 4))
    fill(case, 3, 2, 2)
    return case


def crowds(rng):
    case = Case(rng, rng.randint(1, 4), rng.randint(1, 3))
    fill(case, 2, 2, 1)
    for image, category in case.places():
        if rng.random() < 0.7:
            region = box(rng, 150, 400)
            case.truth(image, category, region, crowd=1)
            for _ in range(rng.randint(0, 5)):
                inside = [region[0] + region[2] * rng.uniform(-0.2, 0.8), region[1] + region[3] * rng.uniform(-0.2, 0.8)]
                case.found(image, category, [round(v, 1) for v in (*inside, rng.uniform(5, 120), rng.uniform(5, 120))], round(rng.random(), 3))
    return case


def area_borders(rng):
    case = Case(rng, rng.randint(2, 5), rng.randint(1, 3))

    def sized(r):
        return [round(r.uniform(0, 500), 1), round(r.uniform(0, 400), 1), *r.choice(BORDER_SIZES)]

    fill(case, 3, 2, 2, spread=0.05, make=sized)
    for image, category in case.places():
        bbox = sized(rng)
        # Areas of masks: not width times height.
        case.truth(image, category, bbox, area=rng.choice(BORDER_AREAS))
        case.found(image, category, bbox, round(rng.random(), 3))
    return case


def equal_scores(rng):
    case = Case(rng, rng.randint(2, 5), rng.randint(1, 3))
    fill(case, 3, 3, 3, score=lambda: rng.choice([0.5, 0.5, 0.25, 1.0, 0.0]))
    # Detections of one image need not stand together in a results file.
    rng.shuffle(case.detections)
    return case


def nothing_found(rng):
    case = Case(rng, rng.randint(1, 4), rng.randint(1, 3))
    fill(case, 3, 0, 0)
    return case


def nothing_labelled(rng):
    case = Case(rng, rng.randint(1, 4), rng.randint(1, 3))
    fill(case, 0, 0, 4)
    # Half of them have objects, of one class or in one image only.
    if rng.random() < 0.5:
        image, category = rng.choice(case.places())
        bbox = box(rng)
        case.truth(image, category, bbox)
        case.found(image, category, near(rng, bbox, 0.05), 0.4)
    return case


def many_classes(rng):
    case = Case(rng, rng.randint(1, 3), rng.randint(20, 60))
    for image, category in case.places():
        if rng.random() < 0.3:
            bbox = box(rng)
            case.truth(image, category, bbox)
            if rng.random() < 0.7:
                case.found(image, category, near(rng, bbox, 0.1), round(rng.random(), 3))
            if rng.random() < 0.3:
                case.found(image, rng.choice(case.categories), near(rng, bbox, 0.1), round(rng.random(), 3))
        elif rng.random() < 0.1:
            case.found(image, category, box(rng), round(rng.random(), 3))
    # A category that the ground truth does not know.
    case.found(case.images[0], 500, box(rng), 0.9)
    return case


def more_than_100(rng):
    case = Case(rng, rng.randint(1, 2), 1)
    for image, category in case.places():
        boxes = [box(rng, 5, 60) for _ in range(rng.randint(3, 12))]
        for bbox in boxes:
            case.truth(image, category, bbox)
        # Scores of one decimal: many ties across the limit of 100 (and 10, and 1).
        for _ in range(rng.randint(101, 160)):
            bbox = near(rng, rng.choice(boxes), 0.15) if rng.random() < 0.2 else box(rng, 5, 60)
            case.found(image, category, bbox, round(rng.random(), rng.choice([1, 3])))
    return case


def duplicates(rng):
    case = Case(rng, rng.randint(1, 4), rng.randint(1, 3))
    for image, category in case.places():
        for _ in range(rng.randint(0, 3)):
            bbox = box(rng)
            for _ in range(rng.randint(1, 3)):
                case.truth(image, category, bbox, crowd=int(rng.random() < 0.15))
            for _ in range(rng.randint(0, 4)):
                case.found(image, category, bbox, rng.choice([0.9, 0.9, round(rng.random(), 2)]))
    return case


def degenerate(rng):
    case = Case(rng, rng.randint(1, 4), rng.randint(1, 3))

    def thin(r):
        width, height = r.choice([(0, 0), (0, 30), (30, 0), (0.1, 400), (400, 0.1), (1e-6, 1e-6), (5000, 5000), (20, 20)])
        return [round(r.uniform(-50, 600), 1), round(r.uniform(-50, 440), 1), width, height]

    fill(case, 3, 2, 2, make=thin)
    for image, category in case.places():
        bbox = thin(rng)
        case.truth(image, category, bbox, crowd=int(rng.random() < 0.3))
        case.found(image, category, bbox, round(rng.random(), 2))
    return case


def exact_overlaps(rng):
    """Boxes whose IoU lies on a threshold, in numbers that binary fractions can and cannot hold."""
    case = Case(rng, rng.randint(1, 3), rng.randint(1, 2))
    for image, category in case.places():
        for row in range(rng.randint(2, 8)):
            side = rng.choice([10, 20, 40, 100, 7.3])
            corner = [rng.choice([0, 0.1, 33.3]), row * 150]
            percent = rng.choice([50, 55, 60, 65, 70, 75, 80, 85, 90, 95, 100])
            case.truth(image, category, [*corner, side, side])
            case.found(image, category, [*corner, side, side * percent / 100], round(rng.random(), 2))
    return case


def many_images(rng):
    case = Case(rng, rng.randint(12, 20), rng.randint(1, 3))
    fill(case, 1, 1, 1)
    rng.shuffle(case.annotations)
    rng.shuffle(case.detections)
    return case


KINDS = [
    plain, crowds, area_borders, equal_scores, nothing_found, nothing_labelled, many_classes, more_than_100, duplicates, degenerate,
    exact_overlaps, many_images,
]  # fmt: skip


def figures(case):
    truth, found = COCO(), COCO()
    images = [{"id": image} for image in case.images]
    categories = [{"id": category, "name": f"c{category}"} for category in case.categories]
    keys = ("id", "image_id", "category_id")
    truth.dataset = {
        "images": images,
        "categories": categories,
        "annotations": [{**dict(zip(keys, row[:3])), "bbox": row[3:7], "area": row[7], "iscrowd": row[8]} for row in case.annotations],
    }
    # As COCO.loadRes fills in a results file; it does not take an empty one.
    found.dataset = {
        "images": images,
        "categories": categories,
        "annotations": [
            {"id": index + 1, "image_id": row[0], "category_id": row[1], "bbox": row[2:6], "score": row[6], "area": row[4] * row[5], "iscrowd": 0}
            for index, row in enumerate(case.detections)
        ],
    }
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        found.createIndex()
        evaluation = COCOeval(truth, found, "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    precision = evaluation.eval["precision"]

    def mean(values):
        values = values[values > -1]
        return float(numpy.mean(values)) if values.size else -1

    classes = [
        [int(category), mean(precision[0, :, index, 0, 2]), mean(precision[:, :, index, 0, 2])] for index, category in enumerate(evaluation.params.catIds)
    ]
    return {"stats": [float(value) for value in evaluation.stats], "classes": classes}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    cases = []
    for kind in KINDS:
        for index in range(PER_KIND):
            case = kind(random.Random(f"{SEED}/{kind.__name__}/{index}"))
            cases.append({
                "name": f"{kind.__name__} {index}",
                "images": case.images,
                "categories": case.categories,
                "annotations": case.annotations,
                "detections": case.detections,
                "expected": figures(case),
            })
    document = {
        "from": f"pycocotools {version('pycocotools')}",
        "annotations": ["id", "image_id", "category_id", "x", "y", "width", "height", "area", "iscrowd"],
        "detections": ["image_id", "category_id", "x", "y", "width", "height", "score"],
        "classes": ["category_id", "ap50", "ap"],
        "cases": cases,
    }
    text = json.dumps(document, separators=(",", ":")).encode()
    # No time of writing, so that the same cases are the same bytes.
    out.write_bytes(gzip.compress(text, 9, mtime=0))
    print(f"{len(cases)} cases, {len(text)} bytes of JSON, {out.stat().st_size} bytes in {out}")


if __name__ == "__main__":
    main()
