/**
 * Memory of this process. Nothing is imported: what these lines cost, a bare
 * process pays too.
 *
 * @module
 */

/** Greatest resident memory so far, in bytes; Linux alone. */
export function peakMemory(): number {
  const [, kibibytes] = /VmHWM:\s+(\d+) kB/.exec(Deno.readTextFileSync("/proc/self/status"))!;
  return Number(kibibytes) * 1024;
}
