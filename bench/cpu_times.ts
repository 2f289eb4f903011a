/**
 * CPU time of processes; Linux alone.
 *
 * @module
 */

/** CPU time in milliseconds, which Linux counts in ticks of 10. */
export interface CpuTimes {
  /** Of the process and its threads. */
  own: number;
  /** Of its child processes that have ended. */
  children: number;
}

/** CPU times of a process so far. */
export function cpuTimes(process: number | "self"): CpuTimes {
  const fields = Deno.readTextFileSync(`/proc/${process}/stat`).replace(/^.*\) /, "").split(" ");
  const [user, system, childrenUser, childrenSystem] = fields.slice(11, 15).map(Number);
  return { own: (user + system) * 10, children: (childrenUser + childrenSystem) * 10 };
}
