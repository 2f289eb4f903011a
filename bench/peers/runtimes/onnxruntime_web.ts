/**
 * onnxruntime-web as a measured process: its WASM provider on one thread.
 *
 * @module
 */

import { measure } from "../measure.ts";

/** What is used of the package. */
interface OnnxRuntime {
  env: { logLevel: string; wasm: { numThreads: number } };
  InferenceSession: {
    create(model: Uint8Array, options: object): Promise<{
      inputNames: string[];
      outputNames: string[];
      run(inputs: Record<string, unknown>): Promise<Record<string, { data: Float32Array }>>;
    }>;
  };
  Tensor: new (type: string, data: Float32Array, shape: number[]) => unknown;
}

await measure(async ({ model, packages, shape }, sample) => {
  const ort: OnnxRuntime = await import(`${packages}onnxruntime-web/dist/ort.wasm.bundle.min.mjs`);
  ort.env.logLevel = "error";
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(await Deno.readFile(model!), {
    executionProviders: ["wasm"],
    graphOptimizationLevel: "all",
  });
  const input = { [session.inputNames[0]]: new ort.Tensor("float32", sample, shape) };
  const [output] = session.outputNames;
  return async () => (await session.run(input))[output].data;
});
