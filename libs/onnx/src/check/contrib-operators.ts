/** ONNX Runtime's own domain (onnxruntime docs/ContribOperators.md). */
export const CONTRIB_DOMAIN = 'com.microsoft';

/** What ONNX Runtime makes of quantized operators and their neighbours, as the files of takt's QOperator format hold them. */
export const CONTRIB_OPERATORS: ReadonlySet<string> = new Set(
  `
  BiasGelu DynamicQuantizeMatMul FastGelu FusedConv FusedGemm FusedMatMul Gelu MatMulIntegerToFloat QGemm QLinearAdd QLinearAveragePool
  QLinearConcat QLinearGlobalAveragePool QLinearLeakyRelu QLinearMul QLinearReduceMean QLinearSigmoid QLinearSoftmax QLinearWhere QuickGelu
  `
    .trim()
    .split(/\s+/),
);
