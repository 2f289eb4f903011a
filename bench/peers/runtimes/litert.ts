/**
 * LiteRT.js as a measured process: its WASM accelerator on one thread.
 *
 * The package loads its script as a browser's worker does, by `importScripts`,
 * and the script takes a host with `process` for Node and wants `require` and
 * `__filename`; Deno has none of these in a module.
 *
 * @module
 */

import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { measure } from "../measure.ts";

/** What is used of the package. */
interface LiteRt {
  loadLiteRt(script: string): Promise<unknown>;
  loadAndCompile(model: Uint8Array, options: object): Promise<{ run(input: unknown): Promise<LiteRtTensor[]> }>;
  Tensor: new (data: Float32Array, shape: number[]) => unknown;
}

interface LiteRtTensor {
  toTypedArray(): Float32Array;
  delete(): void;
}

/** Names that the package's script looks for in the global scope. */
interface WorkerScope {
  require?: unknown;
  importScripts?: (script: string | URL) => void;
  __filename?: string;
  __dirname?: string;
}

await measure(async ({ model: file, packages, shape }, sample) => {
  const folder = new URL("@litertjs/core/wasm/", packages);
  lendWorkerScope(folder);
  const liteRt: LiteRt = await import(`${packages}@litertjs/core/dist/index.js`);
  await liteRt.loadLiteRt(fileURLToPath(new URL("litert_wasm_internal.js", folder)));
  const options = { accelerator: "wasm", cpuOptions: { numThreads: 1 } };
  const model = await liteRt.loadAndCompile(await Deno.readFile(file!), options);
  const input = new liteRt.Tensor(sample, shape);
  return async () => {
    const [output] = await model.run(input);
    const result = output.toTypedArray();
    output.delete();
    return result;
  };
});

/** Gives the global scope what the package's script expects there. */
function lendWorkerScope(folder: URL): void {
  const scope = globalThis as WorkerScope;
  scope.require = createRequire(folder);
  scope.__dirname = fileURLToPath(folder).replace(/\/$/, "");
  scope.importScripts = (script) => {
    scope.__filename = String(script);
    const evaluate = eval;
    evaluate(`${Deno.readTextFileSync(scope.__filename)}\n;globalThis.ModuleFactory = ModuleFactory;`);
  };
}
