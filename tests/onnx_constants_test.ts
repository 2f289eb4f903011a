import { assertAlmostEquals, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { floatModel } from "../calibrate/float_model.ts";
import { importOnnx } from "../calibrate/onnx/import.ts";
import { OnnxError } from "../calibrate/onnx/errors.ts";
import { floats, type ModelSpec, type NodeSpec, writeOnnx } from "./support/onnx_writer.ts";
import { randomFloats } from "./support/tiny_bundle.ts";

async function run(spec: ModelSpec, x: Float32Array): Promise<{ shape: number[]; data: Float32Array }> {
  return (await floatModel(importOnnx(writeOnnx(spec), { name: "n" }))).run({ x })[spec.outputs[0]];
}

const mask = floats([3, 3], [0, -Infinity, -Infinity, 0, 0, -Infinity, 0, 0, 0]);
const masked: NodeSpec[] = [
  { op: "Add", name: "mask", inputs: ["x", "m"], outputs: ["s"] },
  { op: "Softmax", inputs: ["s"], outputs: ["y"] },
];

Deno.test("masks of -Infinity before Softmax leave out what they cover", async () => {
  const spec: ModelSpec = { inputs: { x: [1, 3, 3] }, outputs: ["y"], constants: { m: mask }, nodes: masked };
  const { data } = await run(spec, Float32Array.of(5, 6, 7, 0, 0, 9, 1, 1, 1));
  const third = 1 / 3;
  for (const [i, value] of [1, 0, 0, 0.5, 0.5, 0, third, third, third].entries()) {
    assertAlmostEquals(data[i], value, 1e-6);
  }
});

Deno.test("-Infinity is refused where anything but Softmax reads the sum, and other numbers that are none always", () => {
  const refuse = (m: ModelSpec["constants"], nodes: NodeSpec[], outputs = ["y"]) => {
    const spec: ModelSpec = { inputs: { x: [1, 3, 3] }, outputs, constants: m!, nodes };
    assertMatch(
      assertThrows(() => importOnnx(writeOnnx(spec), { name: "n" }), OnnxError).message,
      /expected finite numbers.*"mask"/,
    );
  };
  refuse({ m: mask }, masked, ["y", "s"]);
  refuse({ m: mask }, [masked[0], { op: "Relu", inputs: ["s"], outputs: ["r"] }, masked[1]], ["y", "r"]);
  refuse({ m: floats([3], [0, NaN, -Infinity]) }, masked);
  refuse({ m: floats([3], [0, Infinity, 0]) }, masked);
});

Deno.test("MatMul takes constants of any batch on either side", async () => {
  const shapes: [number[], number[]][] = [
    [[2, 3, 4], [2, 4, 5]],
    [[3, 4], [2, 4, 5]],
    [[2, 3, 4], [1, 4, 5]],
    [[2, 1, 3, 4], [3, 4, 5]],
    [[4], [2, 4, 5]],
    [[2, 3, 4], [4]],
  ];
  for (const [x, w] of shapes) {
    for (const constantFirst of [false, true]) {
      const [left, right] = [randomFloats(size(x), 1), randomFloats(size(w), 2)];
      const expected = product({ shape: x, data: left }, { shape: w, data: right });
      const [input, constant] = constantFirst
        ? [{ shape: w, data: right }, { shape: x, data: left }]
        : [{ shape: x, data: left }, { shape: w, data: right }];
      const spec: ModelSpec = {
        inputs: { x: input.shape },
        outputs: ["y"],
        constants: { w: floats(constant.shape, constant.data) },
        nodes: [{ op: "MatMul", inputs: constantFirst ? ["w", "x"] : ["x", "w"], outputs: ["y"] }],
      };
      const { shape, data } = await run(spec, input.data);
      assertEquals(shape, expected.shape, `[${x}] by [${w}]`);
      for (const [i, value] of expected.data.entries()) assertAlmostEquals(data[i], value, 1e-4);
    }
  }
});

Deno.test("Mean adds values and divides by their number", async () => {
  const constants = { c: floats([1, 2], [10, 20]) };
  const nodes = [{ op: "Mean", inputs: ["x", "c", "x"], outputs: ["y"] }];
  const { data } = await run({ inputs: { x: [2, 2] }, outputs: ["y"], constants, nodes }, Float32Array.of(1, 2, 4, 5));
  assertEquals(Array.from(data), [4, 8, 6, 10]);
});

function size(shape: readonly number[]): number {
  return shape.reduce((count, length) => count * length, 1);
}

interface Matrices {
  shape: number[];
  data: Float32Array;
}

/** The matrix product as NumPy defines it, element by element. */
function product(a: Matrices, b: Matrices): Matrices {
  const [left, right] = [
    a.shape.length === 1 ? [1, ...a.shape] : a.shape,
    b.shape.length === 1 ? [...b.shape, 1] : b.shape,
  ];
  const rank = Math.max(left.length, right.length);
  const lift = (shape: number[]) => [...new Array<number>(rank - shape.length).fill(1), ...shape];
  const [l, r] = [lift(left), lift(right)];
  const [m, k, n] = [l[rank - 2], l[rank - 1], r[rank - 1]];
  const batch = l.slice(0, -2).map((length, i) => Math.max(length, r[i]));
  const data: number[] = [];
  for (let at = 0; at < size(batch); at++) {
    const index = batch.map((length, i) => Math.floor(at / size(batch.slice(i + 1))) % length);
    const offset = (shape: number[]) =>
      index.reduce((sum, position, i) => sum * shape[i] + (shape[i] === 1 ? 0 : position), 0) * shape[rank - 2] *
      shape[rank - 1];
    for (let row = 0; row < m; row++) {
      for (let column = 0; column < n; column++) {
        let sum = 0;
        for (let i = 0; i < k; i++) sum += a.data[offset(l) + row * k + i] * b.data[offset(r) + i * n + column];
        data.push(sum);
      }
    }
  }
  const shape = [...batch, ...(a.shape.length === 1 ? [] : [m]), ...(b.shape.length === 1 ? [] : [n])];
  return { shape, data: Float32Array.from(data) };
}
