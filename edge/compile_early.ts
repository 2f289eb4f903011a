/**
 * Functions that engines compile together with their module.
 *
 * @module
 */

/** The code of a file whose functions mostly run at every start: of the runtime without its HTTP server. */
const EARLY = /^\/\/ runtime\/(?:bundle\/|kernels\/)?\w+\.ts\n/;
const FUNCTION = /^((?:async )?function (\w+)\(.*\{\n[^]*?^\})\n/gm;

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
  const rest = code.split(/^(?=\/\/ \S+$)/m).map((file) => {
    if (!EARLY.test(file)) return file;
    return file.replace(FUNCTION, (_, text, name) => {
      early.push(`var ${name} = (${text});\n`);
      return "";
    });
  });
  return [...early, ...rest].join("");
}
