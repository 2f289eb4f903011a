/**
 * Functions that engines compile together with their module.
 *
 * @module
 */

/** Files whose functions mostly run at every start: the runtime without its HTTP server. */
const EARLY = /^runtime\/(?:bundle\/|kernels\/)?\w+\.ts$/;

/**
 * Has engines compile the runtime's functions with the module, so that a cache
 * of compiled code holds them: else each is compiled at its first call, at
 * every start. V8 does so with functions in parentheses.
 *
 * @param code A module as esbuild prints it, not minified: with a comment before
 * each file's code, and top-level functions from the first column to the first column.
 * @returns The same module.
 */
export function compileEarly(code: string): string {
  const early: string[] = [];
  const rest: string[] = [];
  let [isEarly, inFunction] = [false, false];
  for (const line of code.split("\n")) {
    const file = /^\/\/ (\S+)$/.exec(line);
    if (file) isEarly = EARLY.test(file[1]);
    const name = isEarly && !inFunction ? /^(?:async )?function (\w+)\(.*\{$/.exec(line)?.[1] : undefined;
    if (name !== undefined) {
      inFunction = true;
      early.push(`var ${name} = (${line}`);
    } else if (inFunction) {
      inFunction = line !== "}";
      early.push(inFunction ? line : "});");
    } else {
      rest.push(line);
    }
  }
  return [...early, ...rest].join("\n");
}
