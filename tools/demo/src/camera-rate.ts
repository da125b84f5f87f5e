/** Share of the host that all lines of the demo use together; builds beside them have the rest. */
const HOST_SHARE = 0.4;
/** A line inspects no faster than this, however fast the host is. */
const FASTEST_CAMERA = 20;
/**
 * And no slower than this: what a frame costs is worked out from its service time, which on a busy host is mostly waiting. At one frame
 * a second the demo's checks and gates would wait minutes for their frames.
 */
const SLOWEST_CAMERA = 4;

/**
 * Frames per second at which `lines` cameras together keep one host at most {@link HOST_SHARE} busy, from 4 to 20.
 *
 * @param pipelineCpuMs CPU-milliseconds that one frame costs through the whole pipeline (service time × threads it used)
 * @param cores logical cores of the host
 */
export function cameraRate(pipelineCpuMs: number, cores: number, lines: number): number {
  const framesPerSecond = (HOST_SHARE * cores * 1000) / pipelineCpuMs / lines;
  return Math.max(SLOWEST_CAMERA, Math.min(FASTEST_CAMERA, Math.floor(framesPerSecond)));
}

/** What a line requires of its camera's rate: a frame in twenty may be missed. */
export const requiredFps = (fps: number): number => Math.round(fps * 0.95 * 10) / 10;
