import { DETECTOR_METADATA, FAMILY_PIXELS, formatDetectorDescription } from '@takt/evaluation';
import type { LogitOutput } from '@takt/evaluation';
import type { Detector, Model } from '@takt/onnx';
import type { Cut, EmittedModel, FittedHead, OutputRole } from '@takt/quantization';

const BOX = 4;

/** Where a head is cut, in the order of its description. */
export const cutOf = ({ scales }: FittedHead, classes: number): Cut => ({
  outputs: scales.flatMap(({ outputs }) => outputs.map(({ name, role, channels }) => ({ name, ...columnsOf(role, channels, classes) }))),
});

/** How the channels of an output repeat, and how many of each repetition are terms of a box. */
function columnsOf(role: OutputRole, channels: number, classes: number): { readonly columns: number; readonly boxColumns: number } {
  if (role === 'all') return { columns: BOX + 1 + classes, boxColumns: BOX };
  return { columns: channels, boxColumns: role === 'box' ? channels : 0 };
}

/** Writes into a cut model what its outputs stand for. */
export function describeCut({ model, logits }: EmittedModel, { scales }: FittedHead, detector: Detector): Model {
  let next = 0;
  const outputOf = (role: OutputRole): LogitOutput => {
    const emitted = logits[next++];
    if (emitted === undefined) throw new RangeError('a cut model has an output for each of its logits');
    return { role, name: emitted.name, scale: emitted.scales?.scale ?? null, zeroPoint: emitted.scales?.zeroPoint ?? null };
  };
  const { family, imageSize, classes, input } = detector;
  const description = formatDetectorDescription({
    family,
    ...imageSize,
    classes,
    input: { name: input, type: 'uint8', ...FAMILY_PIXELS[family] },
    head: {
      kind: 'logits',
      scales: scales.map(({ stride, anchors, outputs }) => ({ stride, anchors, outputs: outputs.map(({ role }) => outputOf(role)) })),
    },
  });
  const others = model.metadataProps.filter(({ key }) => key !== DETECTOR_METADATA);
  return { ...model, metadataProps: [...others, { key: DETECTOR_METADATA, value: description }] };
}
