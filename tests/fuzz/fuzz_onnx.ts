/**
 * Altered ONNX files: refused by an error that is meant for a reader, or
 * imported and then lowered, written, read and run without another word.
 *
 * @module
 */

import onnxProto from "onnx-proto";
import { importOnnx } from "../../calibrate/mod.ts";
import { lower } from "../../calibrate/program/lower.ts";
import { writeBundle } from "../../runtime/bundle/write.ts";
import { elementCount } from "../../runtime/tensor.ts";
import { isInputError } from "../../runtime/errors.ts";
import { Model } from "../../runtime/model.ts";
import type { Program } from "../../runtime/program.ts";
import { bytesOf, drawNetwork } from "../conformance/random/draw_network.ts";
import { random, seedOf } from "../support/random.ts";
import { alterBytes } from "./alter_bytes.ts";
import { alterData } from "./alter_data.ts";
import { type AlteredFile, type Bytes, describeError, finding, type FuzzKind, type Outcome } from "./fuzz_kind.ts";

const { ModelProto } = onnxProto.onnx;

/** Words that a file may hold. */
const WORDS =
  ("Add Sum Max Concat Conv MatMul Gemm Reshape Transpose Slice Split Pad Resize Upsample Clip Expand Gather " +
    "Constant ConstantOfShape Range Where Shape Size Cast Squeeze Unsqueeze Flatten Softmax ReduceMean ReduceSum " +
    "BatchNormalization PRelu Identity Mod Pow Div Tile AveragePool MaxPool DepthToSpace Dropout x0 v0 v1 c0_0").split(
      " ",
    );

/** Arenas beyond which a program is not run. */
const MOST_ARENA = 2 ** 22;

// deno-lint-ignore require-await
async function alter(seed: number): Promise<AlteredFile> {
  const draw = random(seedOf(seed, 0));
  const network = (): Bytes => Uint8Array.from(bytesOf(drawNetwork(draw.integer(0, 2 ** 24))));
  const [base, other] = [network(), network()];
  return {
    alterations: draw.pick([1, 1, 1, 2, 4]),
    // deno-lint-ignore require-await
    async build(chosen) {
      return chosen.reduce((bytes, index) => alterOnce(bytes, seedOf(seed, index + 1), other), base);
    },
  };
}

function alterOnce(bytes: Bytes, seed: number, other: Bytes): Bytes {
  const draw = random(seed);
  if (draw.unit() < 0.4) return alterBytes(bytes, draw, other);
  try {
    const model = ModelProto.toObject(ModelProto.decode(bytes), { longs: Number });
    alterData(draw.unit() < 0.5 ? model : (model as { graph: unknown }).graph, draw, WORDS);
    return Uint8Array.from(ModelProto.encode(ModelProto.fromObject(model)).finish());
  } catch {
    return alterBytes(bytes, draw, other);
  }
}

async function check(bytes: Bytes): Promise<Outcome> {
  let graph;
  try {
    graph = importOnnx(bytes, { name: "network" });
  } catch (error) {
    return isInputError(error) ? { kind: "refused" } : finding(`Import: ${describeError(error)}`);
  }
  try {
    const elements = Array.from(graph.values.values()).reduce((sum, { shape }) => sum + elementCount(shape), 0);
    if (elements > MOST_ARENA) return { kind: "too long" };
    const { program, data } = lower(graph);
    const model = await Model.load(await writeBundle(program, data));
    if (program.arenaBytes > MOST_ARENA || workOf(program) > 1e8) return { kind: "too long" };
    run(
      model,
      Object.fromEntries(graph.inputs.map(({ name, shape }) => [name, new Float32Array(elementCount(shape))])),
    );
  } catch (error) {
    return finding(`After the import: ${describeError(error)}`);
  }
  return { kind: "accepted" };
}

/** Runs a model, which may refuse zeros where an index is computed of them. */
function run(model: Model, inputs: Record<string, Float32Array>): void {
  try {
    model.run(inputs);
  } catch (error) {
    if (!isInputError(error)) throw error;
  }
}

/** A rough number of operations. */
function workOf({ steps, tensors }: Program): number {
  return steps.reduce((sum, { inputs, output }) => {
    const lengths = [...inputs, output].map((index) => elementCount(tensors[index].shape));
    return sum + Math.max(...lengths) * 100;
  }, 0);
}

/** ONNX files. */
export const FUZZ_ONNX: FuzzKind = {
  suffix: "onnx",
  limits: { seconds: 10, megabytes: 1024 },
  alter,
  check,
};
