/** Share of the host that all lines of the demo use together; builds beside them have the rest. */
const HOST_SHARE = 0.4;
/** A line inspects no faster than this, however fast the host is. */
const FASTEST_CAMERA = 20;

/**
 * Frames per second at which `lines` cameras together keep one host at most {@link HOST_SHARE} busy.
 *
 * @param pipelineCpuMs CPU-milliseconds that one frame costs through the whole pipeline (service time × threads it used)
 * @param cores logical cores of the host
 */
export function cameraRate(pipelineCpuMs: number, cores: number, lines: number): number {
  const framesPerSecond = (HOST_SHARE * cores * 1000) / pipelineCpuMs / lines;
  return Math.max(1, Math.min(FASTEST_CAMERA, Math.floor(framesPerSecond)));
}

/** What a line requires of its camera's rate: a frame in twenty may be missed. */
export const requiredFps = (fps: number): number => Math.round(fps * 0.95 * 10) / 10;
