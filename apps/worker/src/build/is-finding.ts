import type { TaktError } from '@takt/kernel';

/** A missing or foreign statistics file, a broken image and an engine that fails are the caller's; what a model does not allow is a finding. */
export const isFinding = ({ code }: TaktError): boolean => !/^(?:Statistics|Calibration|Image|Engine)/.test(code);
