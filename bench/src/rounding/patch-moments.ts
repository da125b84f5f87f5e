import { attributeOf, indexGraph, floatTensor, DataType } from '@takt/onnx';
import type { AttributeProto, Model, NodeProto, TensorProto, ValueInfoProto } from '@takt/onnx';
import type { QuantizedConv } from './float-parts.js';

/** Sums over what a convolution multiplies its weights with: for each group of x·xᵀ and of x. */
export class PatchMoments {
  private readonly size: number;
  private readonly products: readonly Float64Array[];
  private readonly sums: readonly Float64Array[];
  private count = 0;

  constructor(groups: number, size: number) {
    this.size = size;
    this.products = Array.from({ length: groups }, () => new Float64Array(size * size));
    this.sums = Array.from({ length: groups }, () => new Float64Array(size));
  }

  /** @param patches groups × size × places, row-major. */
  add(patches: Float32Array): void {
    const { size, products, sums } = this;
    const places = patches.length / (products.length * size);
    products.forEach((product, group) => {
      const sum = sums[group] as Float64Array;
      for (let i = 0; i < size; i += 1) {
        const row = (group * size + i) * places;
        for (let j = 0; j <= i; j += 1) {
          const other = (group * size + j) * places;
          let total = 0;
          for (let place = 0; place < places; place += 1) total += (patches[row + place] as number) * (patches[other + place] as number);
          product[i * size + j] = (product[i * size + j] as number) + total;
        }
        for (let place = 0; place < places; place += 1) sum[i] = (sum[i] as number) + (patches[row + place] as number);
      }
    });
    this.count += places;
  }

  mean(group: number): Float64Array {
    return (this.sums[group] as Float64Array).map((sum) => sum / this.count);
  }

  /** size × size, row-major. */
  covariance(group: number): Float64Array {
    const { size, count } = this;
    const product = this.products[group] as Float64Array;
    const mean = this.mean(group);
    const covariance = new Float64Array(size * size);
    for (let i = 0; i < size; i += 1) {
      for (let j = 0; j <= i; j += 1) {
        const value = (product[i * size + j] as number) / count - (mean[i] as number) * (mean[j] as number);
        covariance[i * size + j] = value;
        covariance[j * size + i] = value;
      }
    }
    return covariance;
  }
}

/** Places of one image that a convolution's input is looked at, about. */
const PLACES = 128;

/**
 * A float model that gives what convolutions multiply their weights with, some places of a plane: each is run once more with kernels
 * that pick one number of the patch each, and a stride as many times as large. An output is 1 × (groups · size) × places.
 *
 * @param planes places of each convolution's output.
 */
export function withPatches(
  folded: Model,
  convs: readonly QuantizedConv[],
  planes: ReadonlyMap<string, number>,
): { readonly model: Model; readonly outputs: ReadonlyMap<string, string> } {
  const { graph } = folded;
  const { outputs: own } = indexGraph(graph);
  const kernels = new Map<string, TensorProto>();
  const nodes: NodeProto[] = [];
  const outputs = new Map<string, string>();
  for (const { source, value, groups, size, dims } of convs) {
    const kernel = `pick_${[groups, ...dims.slice(1)].join('_')}`;
    if (!kernels.has(kernel)) {
      const picks = new Float32Array(groups * size * size);
      for (let row = 0; row < groups * size; row += 1) picks[row * size + (row % size)] = 1;
      kernels.set(kernel, floatTensor(kernel, [groups * size, ...dims.slice(1)], picks));
    }
    const step = Math.max(1, Math.ceil(Math.sqrt((planes.get(value) ?? 1) / PLACES)));
    const name = `patch_${String(outputs.size)}`;
    nodes.push({ ...source, name, input: [source.input[0] ?? '', kernel], output: [name], attribute: strided(source, step) });
    outputs.set(value, name);
  }
  const infos = [...outputs.values()].map((name): ValueInfoProto => ({ name, type: { tensorType: { elemType: DataType.float } } }));
  return {
    model: {
      ...folded,
      graph: {
        ...graph,
        node: [...graph.node, ...nodes],
        output: [...graph.output.filter(({ name }) => own.has(name ?? '')), ...infos],
        initializer: [...graph.initializer, ...kernels.values()],
      },
    },
    outputs,
  };
}

function strided(conv: NodeProto, step: number): readonly AttributeProto[] {
  const strides = attributeOf(conv, 'strides');
  if (strides === undefined) throw new TypeError('a convolution without strides: none of the measured models has one');
  return conv.attribute.map((each) => (each === strides ? { ...each, ints: each.ints.map((stride) => stride * BigInt(step)) } : each));
}
