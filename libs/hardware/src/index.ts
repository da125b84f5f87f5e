export type { AcceleratorFacts, CpuFacts, HardwareFacts, HardwareProfile, Int8DotProduct } from './facts.js';
