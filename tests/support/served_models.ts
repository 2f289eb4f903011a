/**
 * Models made by hand for tests of the server.
 *
 * @module
 */

import { decodeImage } from "../../image/decode_image.ts";
import { InputError } from "../../runtime/errors.ts";
import {
  createHandler,
  createRegistry,
  type HandlerOptions,
  type ServedModel,
  type Tensor,
} from "../../runtime/http/mod.ts";

/** A model that adds its two inputs, and whose classes are the mean of each colour. */
export const ADDER = {
  inputs: [{ name: "a", shape: [-1, 2, 3] }, { name: "b", shape: [-1, 2, 3] }],
  outputs: [{ name: "sum", shape: [-1, 2, 3] }, { name: "first", shape: [-1, 2, 3] }],
  preprocessing: { crop: [23, 31], mean: [0, 0, 0], std: [1, 1, 1] },
  run({ a, b }) {
    if (a.data[0] === 1000) throw new Error("a defect of the runtime");
    if (a.data[0] === 1001) throw new TypeError("Cannot read properties of undefined (reading 'secret')");
    if (a.data[0] === 1002) throw new InputError('Input "a" is not liked');
    const sum: Tensor = { shape: a.shape, data: a.data.map((value, index) => value + b.data[index]) };
    return { sum, first: a };
  },
  async classify(file, { top, maxPixels }) {
    const { data, width, height } = await decodeImage(file, { maxPixels });
    if (width !== 31) throw new InputError(`Image size ${height}x${width} does not match`);
    const sums = [0, 0, 0];
    data.forEach((value, index) => sums[index % 3] += value);
    const total = sums[0] + sums[1] + sums[2];
    const all = sums.map((sum, index) => ({ label: ["red", "green", "blue"][index], index, score: sum / total }));
    return { predictions: all.sort((x, y) => y.score - x.score).slice(0, top), decodeMilliseconds: 1 };
  },
} satisfies ServedModel;

/** A model that returns its one input of two numbers, and takes no images. */
export const COPY: ServedModel = {
  inputs: [{ name: "x", shape: [2] }],
  outputs: [{ name: "y", shape: [2] }],
  labels: ["left", "right"],
  run: ({ x }) => ({ y: { shape: [2], data: x.data } }),
  classify: () => {
    throw new Error("never called");
  },
};

/** Sends a request to a handler. */
export type Call = (path: string, init?: RequestInit) => Promise<Response>;

/** Makes a handler of models by name, without a server. */
export function serveModels(models: Record<string, ServedModel>, options: HandlerOptions = {}): Call {
  const entries = Object.entries(models).map(([name, model]) => ({ name, load: () => Promise.resolve(model) }));
  const handle = createHandler(createRegistry(entries), options);
  return (path, init) => handle(new Request(`http://localhost${path}`, init));
}

/** A handler of the two models, "adder" and "copy/it". */
export function serveBoth(options: HandlerOptions = {}): Call {
  return serveModels({ "adder": ADDER, "copy/it": COPY }, options);
}

/** Status and JSON of a response. */
// deno-lint-ignore no-explicit-any
export async function answer(response: Response | Promise<Response>): Promise<[number, any]> {
  const received = await response;
  return [received.status, await received.json()];
}

/** An input of the model that adds, of one sample unless other fields are given. */
export function adderInput(
  name: string,
  data: unknown,
  fields: Record<string, unknown> = {},
): Record<string, unknown> {
  return { name, shape: [1, 2, 3], datatype: "FP32", data, ...fields };
}

/** Elements of one sample. */
export const ONES = [1, 1, 1, 1, 1, 1];
