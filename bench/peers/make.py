"""make.py MODEL CALIBRATION SIZE FAMILY LIMIT PREFIX: writes PREFIX.{default,tuned,tuned7}.onnx and PREFIX.nncf.xml; a JSON line each."""
import json
import resource
import sys
import time

import cv2
import onnx
import onnx.version_converter

import yolo

model, calibration, size, family, limit, prefix = sys.argv[1:7]
size, limit = int(size), int(limit)
files = yolo.images_in(calibration, limit)


def inputs():
    for path in files:
        yield yolo.to_input(yolo.letterbox(cv2.imread(path), size, family)[0], family)


def timed(name, work):
    start = time.perf_counter()
    work()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"peer": name, "images": len(files), "seconds": round(time.perf_counter() - start, 2), "peakMiB": peak}), flush=True)


def nodes_after_last_convs(graph):
    """Names of the nodes from which no convolution is reached: the decode head."""
    readers = {}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    leads = {}

    def leads_to_conv(node):
        if node.output[0] not in leads:
            leads[node.output[0]] = any(
                reader.op_type == "Conv" or leads_to_conv(reader) for name in node.output for reader in readers.get(name, [])
            )
        return leads[node.output[0]]

    return [node.name for node in graph.node if node.op_type != "Conv" and not leads_to_conv(node)]


def onnxruntime_files():
    from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    prepared, source = prefix + ".prepared.onnx", model
    # A scale per channel needs opset 13; without it the tools write a file that does not load.
    if onnx.load(model).opset_import[0].version < 13:
        source = prefix + ".opset13.onnx"
        onnx.save(onnx.version_converter.convert_version(onnx.load(model), 13), source)
    quant_pre_process(source, prepared)
    graph = onnx.load(prepared).graph

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.left = inputs()

        def get_next(self):
            values = next(self.left, None)
            return None if values is None else {graph.input[0].name: values}

    timed("default", lambda: quantize_static(prepared, prefix + ".default.onnx", Reader()))
    for name, seven_bit in (("tuned", False), ("tuned7", True)):
        settings = dict(
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=seven_bit,
            nodes_to_exclude=nodes_after_last_convs(graph),
        )
        timed(name, lambda: quantize_static(prepared, f"{prefix}.{name}.onnx", Reader(), **settings))


def nncf_file():
    import nncf
    import openvino as ov

    def work():
        data = nncf.Dataset(list(inputs()))
        ov.save_model(nncf.quantize(ov.Core().read_model(model), data, preset=nncf.QuantizationPreset.MIXED, subset_size=len(files)), prefix + ".nncf.xml")

    timed("nncf", work)


onnxruntime_files()
nncf_file()
