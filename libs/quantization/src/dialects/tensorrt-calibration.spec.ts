import { makeNode } from '@takt/onnx';
import { describe, expect, it } from 'vitest';
import { build, conv, exampleDetector, exampleStatistics, layer, range, statisticsOfValues } from '../../test/example-detector.js';
import { emitTensorrtCalibrated, floatHex, tensorrtCalibration } from './tensorrt-calibration.js';
import { tensorrtFlags } from './tensorrt-flags.js';
import { validateTensorrt } from './validate-tensorrt.js';

const linesOf = (cache: string): Map<string, string> =>
  new Map(
    cache
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.split(': ') as [string, string]),
  );

describe('the calibration cache', () => {
  const cache = tensorrtCalibration(exampleDetector(), exampleStatistics);
  const entries = linesOf(cache);

  it('has the header of the TensorRT that reads it', () => {
    expect(cache).toMatch(/^TRT-8501-EntropyCalibration2\n/);
    expect(tensorrtCalibration(exampleDetector(), exampleStatistics, 8601)).toMatch(/^TRT-8601-EntropyCalibration2\n/);
  });

  it('holds float32 scales as big-endian hex', () => {
    // A line of NVIDIA's own cache: 0.0078721.
    expect(floatHex(2 ** -7 * (1 + 0xf9f4 / 2 ** 23))).toBe('3c00f9f4');
    expect(floatHex(0.0078721)).toMatch(/^3c00f9/);
    expect(entries.get('images')).toBe(floatHex(1 / 127));
    expect([...entries.values()].every((hex) => /^[0-9a-f]{8}$/.test(hex))).toBe(true);
  });

  it('gives a SiLU one scale, and every value of the integer part a line', () => {
    expect(entries.get('a.out')).toBe(entries.get('a.act'));
    expect(entries.get('a.sig')).toBe(entries.get('a.act'));
    expect(entries.get('b.act')).toBe(floatHex(5 / 127));
    expect([...entries.keys()].sort()).toEqual(Object.keys(exampleStatistics.values).sort());
  });

  it('gives what meets in Concat and MaxPool one scale', () => {
    const values = Object.entries(exampleStatistics.values).map(([name, { low, high }]) => [name, range(low, high)]);
    const wider = statisticsOfValues({ ...Object.fromEntries(values), pooled: range(-0.3, 12) });
    const lines = linesOf(tensorrtCalibration(exampleDetector(), wider));
    expect(['sum', 'pooled', 'cat', 'up'].map((value) => lines.get(value))).toEqual(Array(4).fill(floatHex(12 / 127)));
  });

  it('gives what a ReLU clips the scale of the ReLU', () => {
    const model = build(
      [
        conv('a', 'images'),
        makeNode('Relu', 'relu', ['a.out'], ['a.act']),
        conv('b', 'a.act'),
        makeNode('Identity', 'i', ['b.out'], ['output0']),
      ],
      [...layer('a', 3, 2), ...layer('b', 2, 2)],
    );
    const statistics = statisticsOfValues({ images: range(0, 1), 'a.act': range(0, 3), 'b.out': range(-2, 2) });
    expect(linesOf(tensorrtCalibration(model, statistics)).get('a.out')).toBe(floatHex(3 / 127));
  });
});

describe('the calibrated form', () => {
  it('is the FP32 model with its cache and the layers that stay in half precision', () => {
    const { model, calibration, headLayers } = emitTensorrtCalibrated(exampleDetector(17), exampleStatistics, {
      floatConvs: new Set(['detect.out']),
    });
    expect(headLayers).toEqual(['detect']);
    expect(calibration).toBe(tensorrtCalibration(exampleDetector(), exampleStatistics));
    expect(model.opsetImport).toEqual([{ domain: '', version: 13 }]);
    expect(model.graph.node.some(({ opType }) => /Quantize/.test(opType ?? ''))).toBe(false);
    expect(validateTensorrt(model)).toEqual([]);
  });
});

/** Options of trtexec 8.5.1 that build an engine (NVIDIA/TensorRT 8.5.1, samples/common/sampleOptions.cpp). */
const KNOWN = ['--onnx', '--int8', '--fp16', '--calib', '--precisionConstraints', '--layerPrecisions', '--saveEngine', '--buildOnly'];

describe('the flags of trtexec', () => {
  const files = { explicit: 'q.onnx', fp32: 'f.onnx', calibration: 'f.calib' };

  it('keep the head in half precision, and the cache goes to the FP32 model alone', () => {
    const flags = tensorrtFlags(files, ['detect', 'b']);
    const head = ['--precisionConstraints=obey', '--layerPrecisions=detect:fp16,b:fp16'];
    expect(flags.calibrated).toEqual(['--onnx=f.onnx', '--int8', '--fp16', '--calib=f.calib', ...head]);
    expect(flags.explicit).toEqual(['--onnx=q.onnx', '--int8', '--fp16', ...head]);
    expect(flags.fp16).toEqual(['--onnx=f.onnx', '--fp16']);
  });

  it('set no constraints where there is nothing to constrain', () => {
    expect(tensorrtFlags(files, []).explicit).toEqual(['--onnx=q.onnx', '--int8', '--fp16']);
  });

  it('are ones that TensorRT 8.5 knows', () => {
    const { explicit, calibrated, fp16 } = tensorrtFlags(files, ['detect']);
    for (const flag of [...explicit, ...calibrated, ...fp16]) expect(KNOWN).toContain(flag.split('=')[0]);
  });
});
