/**
 * Memory of a running process; Linux alone.
 *
 * @module
 */

/** Resident memory of a process in bytes. */
function residentMemory(pid: number): number {
  const [, kibibytes] = /VmRSS:\s+(\d+) kB/.exec(Deno.readTextFileSync(`/proc/${pid}/status`))!;
  return Number(kibibytes) * 1024;
}

/**
 * Measures memory four times a second until `work` is done.
 *
 * @returns The memory in bytes, in the order of time, beside what `work` gave.
 */
export async function watchMemory<T>(pid: number, work: Promise<T>): Promise<{ memory: number[]; result: T }> {
  const memory: number[] = [];
  const timer = setInterval(() => memory.push(residentMemory(pid)), 250);
  try {
    return { memory, result: await work };
  } finally {
    clearInterval(timer);
  }
}

/** Slope of the line of least squares through equally spaced values, from the first to the last of them. */
export function growth(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  let covariance = 0;
  let variance = 0;
  for (const [index, value] of values.entries()) {
    covariance += (index - middle) * (value - mean);
    variance += (index - middle) ** 2;
  }
  return covariance / variance * (values.length - 1);
}
