/**
 * Peak memory of a process.
 *
 * @module
 */

/** Greatest resident memory of this process so far, in bytes; Linux only. */
export function peakMemory(): number {
  const [, kibibytes] = /VmHWM:\s+(\d+) kB/.exec(Deno.readTextFileSync("/proc/self/status"))!;
  return Number(kibibytes) * 1024;
}
