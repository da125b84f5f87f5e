"""time_boxes.py FILE SIZE FAMILY THREADS ITERATIONS: milliseconds of each run, from image bytes to boxes, and of the network alone."""
import json
import sys
import time

import numpy as np

import yolo

path, size, family, threads, iterations = sys.argv[1:6]
size, threads, iterations = int(size), int(threads), int(iterations)
run, decode = yolo.load(path, threads), yolo.Decoder(size, family)
planes = ((np.arange(3 * size * size, dtype=np.uint64) * 2654435761 >> 24) & 255).astype(np.uint8).reshape(3, size, size)
whole, network = [], []
for i in range(iterations + 5):
    start = time.perf_counter()
    values = yolo.to_input(planes, family)
    before = time.perf_counter()
    output = run(values)
    after = time.perf_counter()
    decode(output, 0.25, False)
    if i >= 5:
        whole.append((time.perf_counter() - start) * 1e3)
        network.append((after - before) * 1e3)
print(json.dumps({"whole": whole, "network": network}))
