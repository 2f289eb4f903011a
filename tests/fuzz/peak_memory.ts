/**
 * The most memory that this process has held; known on Linux, 0 elsewhere.
 *
 * @module
 */

/** Forgets the peak. @returns The bytes held now. */
export function forgetPeak(): number {
  try {
    Deno.writeTextFileSync("/proc/self/clear_refs", "5");
  } catch {
    return 0;
  }
  return peakBytes();
}

/** The most bytes held since the peak was forgotten. */
export function peakBytes(): number {
  try {
    const found = /VmHWM:\s*(\d+) kB/.exec(Deno.readTextFileSync("/proc/self/status"));
    return found ? Number(found[1]) * 1024 : 0;
  } catch {
    return 0;
  }
}
