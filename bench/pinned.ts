/**
 * Processes whose times can be compared.
 *
 * @module
 */

/** What a process left. */
export interface Finished {
  /** When it was started, in milliseconds since the epoch. */
  started: number;
  /** From its start to its end, in milliseconds. */
  lifetime: number;
  /** All of its standard output. */
  output: string;
}

/**
 * Runs a script in a Deno process of its own, on one core where `taskset` can pin it there.
 *
 * @param script Its file.
 * @param args Its arguments.
 * @throws {Error} Where the process fails.
 */
export async function runPinned(script: URL, args: string[] = []): Promise<Finished> {
  const deno = [Deno.execPath(), "run", "-A", "--no-check", script.href, ...args];
  const [program, ...rest] = await canPin() ? ["taskset", "-c", String(CORE), ...deno] : deno;
  const command = new Deno.Command(program, { args: rest, env: { NO_COLOR: "1" }, stdin: "null" });
  const started = performance.timeOrigin + performance.now();
  const { success, stdout, stderr } = await command.output();
  const lifetime = performance.timeOrigin + performance.now() - started;
  if (!success) throw new Error(`${script.pathname} failed: ${new TextDecoder().decode(stderr).trim()}`);
  return { started, lifetime, output: new TextDecoder().decode(stdout) };
}

const CORE = navigator.hardwareConcurrency - 1;
let pinning: Promise<boolean> | undefined;

/** Whether processes can be pinned to the last core. */
export function canPin(): Promise<boolean> {
  return pinning ??= new Deno.Command("taskset", { args: ["-c", String(CORE), "true"] }).output()
    .then(({ success }) => success, () => false);
}
