/**
 * The model: a bundle that answers.
 *
 * @module
 */

import { freeAxes, type FreeAxis, stepsTo } from "./bundle/free_sizes.ts";
import { type Bundle, readBundle } from "./bundle/read.ts";
import { classScores } from "./class_scores.ts";
import { InputError } from "./errors.ts";
import { Executor, type ExecutorOptions, reserveFile } from "./executor.ts";
import { createImageWriter, type ImageWriter } from "./image_input.ts";
import type { KernelInstance } from "./kernels/instance.ts";
import { loadKernels } from "./kernels/modules.ts";
import { prepareImage, type Preprocessing } from "./preprocessing.ts";
import type { FreeSize, OutputKind, PortSpec, Program } from "./program.ts";
import type { Pixels } from "./resize_image.ts";
import { type BundleSource, readSource } from "./source.ts";
import { elementCount } from "./tensor.ts";

/** A float32 tensor in the source network's own layout. */
export interface Tensor {
  /** Dimensions, the batch first where the network has one. */
  shape: number[];
  /** Row-major elements. */
  data: Float32Array;
}

/** An input or output; a free batch is -1 in its shape. */
export interface ModelPort {
  /** Name in the source network. */
  name: string;
  /** Dimensions in the source network's own layout. */
  shape: number[];
}

/** One class that an image may belong to. */
export interface Prediction {
  /** Name of the class, or its index as text where the bundle has no names. */
  label: string;
  /** Index of the class. */
  index: number;
  /** The network's probability of the class, 0 to 1. */
  score: number;
}

/**
 * A network ready to answer, with memory of its own.
 *
 * @example Running a network
 * ```ts ignore
 * import { Model } from "octet";
 *
 * const model = await Model.load("network.octet");
 * const { logits } = model.run({ input: new Float32Array(3 * 224 * 224) });
 * ```
 */
export class Model {
  /** Name of the network. */
  readonly name: string;
  /** SHA-256 of the bundle, in hexadecimal. */
  readonly hash: string;
  /** The inputs in the source network's own layout. */
  readonly inputs: ModelPort[];
  /** The outputs in the source network's own layout. */
  readonly outputs: ModelPort[];
  /** Name of each class, where the bundle holds them. */
  readonly labels: readonly string[] | undefined;
  /** What the first output holds: scores before softmax, or probabilities already. */
  readonly outputKind: OutputKind;
  /** How images are prepared, where the network takes images. */
  readonly preprocessing: Preprocessing | undefined;
  /** The build of the kernels that runs the network: "simd128" or "relaxed". */
  readonly kernels: string;
  /** Sizes besides the batch that are free, -1 in shapes. */
  readonly sizes: readonly FreeSize[];
  readonly #axes: readonly FreeAxis[];
  readonly #executor: Executor;
  /** Steps from the smallest of each free size at which the network stands. */
  #steps: readonly number[] = [];
  #writeImage: ImageWriter | undefined;

  /**
   * Makes a model of a bundle that was read before; {@linkcode Model.load} reads and makes at once.
   *
   * @param instance The kernels in whose memory the bundle's data lie already; new ones by default.
   * @throws {TypeError} Where the host cannot run the build that is asked for, or {@linkcode loadKernels} has not loaded it.
   */
  constructor(bundle: Bundle, options: ExecutorOptions = {}, instance?: KernelInstance) {
    const { program } = bundle;
    this.#executor = new Executor(bundle, options, instance);
    this.name = program.name;
    this.hash = bundle.hash;
    ({ inputs: this.inputs, outputs: this.outputs } = describePorts(program));
    this.sizes = program.free?.sizes ?? [];
    this.#axes = program.free ? freeAxes(program, program.free) : [];
    this.labels = program.labels;
    this.outputKind = program.outputKind ?? "logits";
    this.preprocessing = program.preprocessing;
    this.kernels = this.#executor.build;
  }

  /**
   * Loads a bundle.
   *
   * @param source Its bytes (no permission needed), a URL, or the path of a file.
   * @param options Which build of the kernels to use; by default what suits the host.
   * @throws {BundleError} Where the bundle cannot be accepted.
   */
  static async load(source: BundleSource, options: ExecutorOptions = {}): Promise<Model> {
    if (options.kernels) await loadKernels(options.kernels);
    let instance: KernelInstance | undefined;
    const bytes = await readSource(source, (size) => {
      const room = reserveFile(size, options);
      instance = room.instance;
      return room.bytes;
    });
    return new Model(await readBundle(bytes), options, instance);
  }

  /**
   * Runs the network on float32 inputs in its own layout.
   *
   * @param inputs One entry for each input, by name: elements, or elements with
   * their shape. Where the network has a free batch, any whole number of samples;
   * where other sizes are free, any that is allowed, and the shape must be given.
   * @returns One tensor for each output, by name.
   * @throws {TypeError} Where an input is missing, unknown, or of another shape.
   */
  run(inputs: Record<string, Float32Array | Tensor>): Record<string, Tensor> {
    return this.runInto(inputs, {});
  }

  /**
   * Runs the network as {@linkcode Model.run} does, and writes results to arrays
   * that are given: one run after the other then needs no new memory.
   *
   * @param inputs As in {@linkcode Model.run}.
   * @param results Arrays for outputs, by name; any other output gets a new array.
   * @returns One tensor for each output, by name, on the arrays.
   * @throws {TypeError} Where an input is missing, or an input or array is unknown or of another shape.
   */
  runInto(
    inputs: Record<string, Float32Array | Tensor>,
    results: Record<string, Float32Array>,
  ): Record<string, Tensor> {
    checkNames(inputs, this.#executor.program.inputs, "input");
    if (this.sizes.length > 0) this.#resize(inputs);
    const given = this.#executor.program.inputs.map((port) => readInput(port, inputs[port.name]));
    const batched = given.filter(({ port }) => port.batched);
    const batch = batched[0]?.samples ?? 1;
    if (batched.some(({ samples }) => samples !== batch)) throw new InputError("Inputs have different batch sizes");
    return this.#collect(batch, results, (sample) => {
      for (const { data, port, length } of given) {
        const start = port.batched ? sample * length : 0;
        this.#executor.tensor(port.tensor).set(data.subarray(start, start + length));
      }
      return 0;
    });
  }

  /**
   * Runs the network on one image: resized, cropped and normalised as the bundle says.
   *
   * @param image Decoded pixels, RGB or RGBA.
   * @throws {TypeError} Where the bundle holds no preprocessing or the image does not fit it.
   */
  runImage(image: Pixels): Record<string, Tensor> {
    return this.runPixels(prepareImage(image, this.#requirePreprocessing()));
  }

  /**
   * Runs the network on the pixels of one image that has the crop's size already.
   *
   * @param pixels Bytes [height, width, channels].
   * @throws {TypeError} Where the bundle holds no preprocessing or the length is wrong.
   */
  runPixels(pixels: Uint8Array): Record<string, Tensor> {
    const preprocessing = this.#requirePreprocessing();
    const { crop: [height, width], mean } = preprocessing;
    const expected = height * width * mean.length;
    if (pixels.length !== expected) {
      throw new InputError(`Pixels have ${pixels.length} bytes, ${height} x ${width} x ${mean.length} expected`);
    }
    const write = this.#writeImage ??= createImageWriter(this.#executor, preprocessing);
    return this.#collect(1, {}, () => write(pixels));
  }

  /**
   * Classifies one image by the first output: logits go through softmax, probabilities are the network's own.
   *
   * @param image Decoded pixels, RGB or RGBA.
   * @param options How many classes to return; 5 by default.
   * @returns The most likely classes, the best first.
   * @throws {TypeError} Where the bundle holds no preprocessing or the image does not fit it.
   */
  classify(image: Pixels, options: { top?: number } = {}): Prediction[] {
    const scores = classScores(this.runImage(image)[this.outputs[0].name].data, this.outputKind);
    const ranked = Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a] || a - b);
    return ranked.slice(0, options.top ?? 5).map((index) => ({
      label: this.labels?.[index] ?? String(index),
      index,
      score: scores[index],
    }));
  }

  /** Brings the network to the sizes of inputs. */
  #resize(inputs: Record<string, Float32Array | Tensor>): void {
    const steps: number[] = [];
    for (const { port, axis, size } of this.#axes) {
      const { name } = this.inputs[port];
      const given = inputs[name];
      if (given === undefined) throw new InputError(`Missing input "${name}"`);
      const { name: sizeName } = this.sizes[size];
      if (given instanceof Float32Array || !Array.isArray(given.shape)) {
        throw new InputError(
          `Input "${name}" must be given with its shape, { shape, data }, for "${sizeName}" is free`,
        );
      }
      const count = stepsTo(this.sizes[size], given.shape[axis], `Dimension ${axis} of input "${name}"`);
      if ((steps[size] ?? count) !== count) throw new InputError(`Inputs have different lengths of "${sizeName}"`);
      steps[size] = count;
    }
    if (steps.length === this.#steps.length && steps.every((count, size) => count === this.#steps[size])) return;
    this.#executor.resize(steps);
    this.#steps = steps;
  }

  #requirePreprocessing(): Preprocessing {
    if (!this.preprocessing) throw new InputError(`Model "${this.name}" holds no preprocessing: it takes no images`);
    return this.preprocessing;
  }

  #collect(
    batch: number,
    given: Record<string, Float32Array>,
    prepare: (sample: number) => number,
  ): Record<string, Tensor> {
    const executor = this.#executor;
    const { outputs } = executor.program;
    checkNames(given, outputs, "output");
    const results = outputs.map((port) => givenResult(port, batch, given));
    for (let sample = 0; sample < batch; sample++) {
      executor.run(prepare(sample));
      for (const [index, { tensor, batched }] of outputs.entries()) {
        if (sample > 0 && !batched) continue;
        const elements = executor.tensor(tensor) as Float32Array;
        // An array made of another one, unlike its slice, is not filled with zeros first.
        if ((batch === 1 || !batched) && !results[index]) results[index] = new Float32Array(elements);
        else (results[index] ??= new Float32Array(batch * elements.length)).set(elements, sample * elements.length);
      }
    }
    return Object.fromEntries(outputs.map((port, index) => {
      const shape = port.batched ? [batch * port.shape[0], ...port.shape.slice(1)] : [...port.shape];
      return [port.name, { shape, data: results[index]! }];
    }));
  }
}

/** Describes the inputs and outputs of a program: their names, and shapes with -1 for a free batch and free sizes. */
export function describePorts(program: Program): Record<"inputs" | "outputs", ModelPort[]> {
  const ports = { inputs: program.inputs.map(describePort), outputs: program.outputs.map(describePort) };
  for (const { path: [table, port, field, axis] } of program.free?.numbers ?? []) {
    if ((table === "inputs" || table === "outputs") && field === "shape") {
      ports[table][Number(port)].shape[Number(axis)] = -1;
    }
  }
  return ports;
}

/** Describes a port of a program or of a network: its name, and its shape with -1 for a free batch. */
export function describePort({ name, shape, batched }: Omit<PortSpec, "tensor">): ModelPort {
  return { name, shape: batched ? [-1, ...shape.slice(1)] : [...shape] };
}

function checkNames(given: Record<string, unknown>, ports: readonly PortSpec[], kind: "input" | "output"): void {
  for (const name of Object.keys(given)) {
    if (!ports.some((port) => port.name === name)) throw new InputError(`Unknown ${kind} "${name}"`);
  }
}

function givenResult(port: PortSpec, batch: number, given: Record<string, Float32Array>): Float32Array | undefined {
  if (!Object.hasOwn(given, port.name)) return undefined;
  const [array, length] = [given[port.name], (port.batched ? batch : 1) * elementCount(port.shape)];
  if (!(array instanceof Float32Array) || array.length !== length) {
    throw new InputError(`The array for output "${port.name}" must be a Float32Array of ${length} elements`);
  }
  return array;
}

function readInput(
  port: PortSpec,
  given: Float32Array | Tensor | undefined,
): { port: PortSpec; data: Float32Array; samples: number; length: number } {
  if (given === undefined) throw new InputError(`Missing input "${port.name}"`);
  const data: unknown = given instanceof Float32Array ? given : given?.data;
  if (!(data instanceof Float32Array)) throw new InputError(`Input "${port.name}" must be a Float32Array or a Tensor`);
  const length = elementCount(port.shape);
  const samples = port.batched ? data.length / length : 1;
  if (
    !Number.isInteger(samples) || samples < 1 || data.length !== samples * length
  ) {
    throw new InputError(
      `Input "${port.name}" has ${data.length} elements: float32 [${describePort(port).shape.join(", ")}] expected`,
    );
  }
  if (!(given instanceof Float32Array)) {
    const expected = port.batched ? [samples, ...port.shape.slice(1)] : port.shape;
    if (given.shape.length !== expected.length || given.shape.some((size, axis) => size !== expected[axis])) {
      throw new InputError(
        `Input "${port.name}" has shape [${given.shape.join(", ")}]: [${expected.join(", ")}] expected`,
      );
    }
  }
  return { port, data, samples, length };
}
