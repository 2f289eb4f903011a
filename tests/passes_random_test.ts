import { assert, assertAlmostEquals } from "@std/assert";
import { floatModel } from "../calibrate/float_model.ts";
import { decodeOnnx } from "../calibrate/onnx/decode.ts";
import { float, floats, type ModelSpec, type NodeSpec, writeOnnx } from "../calibrate/onnx/encode.ts";
import { importOnnx } from "../calibrate/onnx/import.ts";
import { lowerModel } from "../calibrate/onnx/lower_model.ts";
import { elementCount } from "../runtime/tensor.ts";
import { interpret } from "./support/interpret.ts";
import { ints } from "./support/onnx_writer.ts";
import { type Random, random } from "./support/random.ts";

/** A network that grows node by node. */
interface Sketch {
  draw: Random;
  constants: NonNullable<ModelSpec["constants"]>;
  nodes: NodeSpec[];
  /** The value at the end, and its shape. */
  value: string;
  shape: number[];
}

function constant(sketch: Sketch, shape: number[], low = -1, high = 1): string {
  const name = `c${Object.keys(sketch.constants).length}`;
  sketch.constants[name] = floats(shape, sketch.draw.f32(elementCount(shape), low, high));
  return name;
}

function append(sketch: Sketch, op: string, parts: Partial<NodeSpec> & { inputs: string[] }, shape: number[]): void {
  const output = `v${sketch.nodes.length}`;
  sketch.nodes.push({ op, name: `${op}${sketch.nodes.length}`, outputs: [output], ...parts });
  sketch.value = output;
  sketch.shape = shape;
}

/** A shape of ones but for one dimension, or of few dimensions of a larger shape. */
function parameterShape({ draw, shape }: Sketch): number[] {
  const axis = draw.integer(0, shape.length - 1);
  const lone = shape.map((length, i) => i === axis ? length : 1);
  return draw.pick([lone, lone.slice(axis), shape.slice(axis), [1]]);
}

/** Another shape of as many elements. */
function drawShape(draw: Random, count: number): number[] {
  const shape: number[] = [];
  for (let rank = draw.integer(2, 4); rank > 1; rank--) {
    const divisors = Array.from({ length: count }, (_, i) => i + 1).filter((length) => count % length === 0);
    shape.push(draw.pick(divisors));
    count /= shape.at(-1)!;
  }
  return [...shape, count];
}

/** Layers, which take in what follows. */
const LAYERS: Record<string, (sketch: Sketch) => void> = {
  matMul(sketch) {
    const { shape, value, draw } = sketch;
    const outputs = draw.integer(2, 3);
    const weights = constant(sketch, [shape.at(-1)!, outputs]);
    append(sketch, "MatMul", { inputs: [value, weights] }, [...shape.slice(0, -1), outputs]);
  },
  convolution(sketch) {
    const { shape, value, draw } = sketch;
    if (shape.length !== 4) return;
    const outputs = draw.integer(2, 3);
    append(sketch, "Conv", { inputs: [value, constant(sketch, [outputs, shape[1], 1, 1])] }, shape.with(1, outputs));
  },
};

/** Parameters along one dimension of a value or several. */
const PARAMETERS: Record<string, (sketch: Sketch) => void> = {
  normalization(sketch) {
    const { shape, value } = sketch;
    const inputs = [[-1, 1], [-1, 1], [-1, 1], [0.5, 2]].map(([low, high]) => constant(sketch, [shape[1]], low, high));
    append(sketch, "BatchNormalization", { inputs: [value, ...inputs], attributes: { epsilon: float(0.01) } }, shape);
  },
  arithmetic(sketch) {
    const { shape, value, draw } = sketch;
    const inputs = [value, constant(sketch, parameterShape(sketch), 0.5, 2)];
    if (draw.integer(0, 3) === 0) inputs.reverse();
    const divides = inputs[0] === value ? ["Div"] : [];
    append(sketch, draw.pick(["Add", "Sub", "Mul", ...divides]), { inputs }, shape);
  },
  slopes(sketch) {
    const { shape, value } = sketch;
    append(sketch, "PRelu", { inputs: [value, constant(sketch, parameterShape(sketch), 0, 0.5)] }, shape);
  },
};

/** What stands between. */
const MOVEMENTS: Record<string, (sketch: Sketch) => void> = {
  expansions(sketch) {
    const { shape, value, draw } = sketch;
    const axis = draw.integer(0, shape.length - 1);
    const reduced = shape.with(axis, 1);
    const count = draw.integer(1, 3);
    const large = [count, ...shape];
    if (large.length > 4) return;
    append(sketch, "ReduceMean", { inputs: [value], attributes: { axes: [axis], keepdims: 1 } }, reduced);
    const mean = sketch.value;
    const name = `s${sketch.nodes.length}`;
    sketch.constants[name] = ints(large);
    append(sketch, "Expand", { inputs: [mean, name] }, large);
    const first = sketch.value;
    const other = draw.pick([mean, value]);
    append(sketch, "Expand", { inputs: [other, name] }, large);
    append(
      sketch,
      draw.pick(["Add", "Mul"]),
      { inputs: draw.pick([[first, sketch.value], [sketch.value, first]]) },
      large,
    );
  },
  reshape(sketch) {
    const { shape, value, draw } = sketch;
    const to = drawShape(draw, elementCount(shape));
    const name = `s${sketch.nodes.length}`;
    sketch.constants[name] = ints(to);
    append(sketch, "Reshape", { inputs: [value, name] }, to);
  },
  transpose(sketch) {
    const { shape, value, draw } = sketch;
    const permutation = shape.map((_, i) => i).sort(() => draw.unit() - 0.5);
    append(
      sketch,
      "Transpose",
      { inputs: [value], attributes: { perm: permutation } },
      permutation.map((axis) => shape[axis]),
    );
  },
};

function drawModel(seed: number): ModelSpec {
  const draw = random(seed);
  const input = Array.from({ length: draw.integer(2, 4) }, () => draw.integer(1, 3));
  const sketch: Sketch = { draw, constants: {}, nodes: [], value: "x", shape: input };
  const add = (steps: Record<string, (sketch: Sketch) => void>) => steps[draw.pick(Object.keys(steps))](sketch);
  for (let count = draw.integer(1, 3); count > 0; count--) {
    add(LAYERS);
    if (draw.integer(0, 2) === 0) add(MOVEMENTS);
    for (let more = draw.integer(1, 2); more > 0; more--) add(PARAMETERS);
  }
  append(sketch, "LeakyRelu", { inputs: [sketch.value], attributes: { alpha: float(0.5) } }, sketch.shape);
  return { inputs: { x: input }, outputs: [sketch.value], nodes: sketch.nodes, constants: sketch.constants };
}

Deno.test("passes keep what parameters along any dimension compute, in 400 random networks", async () => {
  let folded = 0;
  for (let seed = 1; seed <= 400; seed++) {
    const bytes = writeOnnx(drawModel(seed));
    const { graph: source } = lowerModel(decodeOnnx(bytes), { name: "source", dimensions: {} });
    const graph = importOnnx(bytes, { name: "passed" });
    if (graph.nodes.length < source.nodes.length) folded++;
    const [{ name, shape }] = source.inputs;
    const inputs = new Map([[name, random(seed + 1000).f32(elementCount(shape))]]);
    const [expected] = interpret(source, inputs, "channelsFirst").values();
    const [passed] = interpret(graph, inputs).values();
    const answers = Object.values((await floatModel(graph)).run(Object.fromEntries(inputs)))[0].data;
    const scale = Math.max(1, ...expected.data.map(Math.abs));
    assert(answers.length === expected.data.length && passed.data.length === expected.data.length, `seed ${seed}`);
    expected.data.forEach((value, i) => {
      assertAlmostEquals(passed.data[i], value, 1e-4 * scale, `graph of seed ${seed}, element ${i}`);
      assertAlmostEquals(answers[i], value, 1e-4 * scale, `program of seed ${seed}, element ${i}`);
    });
  }
  assert(folded > 150, `only ${folded} networks were made shorter`);
});
