import type { ThreadPolicy } from '@takt/engines';

/**
 * The one place where takt's settings become OpenVINO's. One frame at a time wants latency, not throughput.
 *
 * Left alone, OpenVINO computes in bfloat16 where the CPU has it, whatever the model says: faster, but not the accuracy that
 * was measured on another box. An artifact's precision is the plan's to choose. Its threads always sleep when idle; there is
 * no spinning to ask for. Nor are they pinned: each line is a process of its own, and all of them would pin the same cores.
 */
export const compileProperties = (threads: ThreadPolicy): readonly (readonly [key: string, value: string])[] => [
  ['PERFORMANCE_HINT', 'LATENCY'],
  ['INFERENCE_PRECISION_HINT', 'f32'],
  ['ENABLE_CPU_PINNING', 'NO'],
  ...(threads.intraOp > 0 ? [['INFERENCE_NUM_THREADS', String(threads.intraOp)] as const] : []),
];
