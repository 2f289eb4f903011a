import { assertEquals } from "@std/assert";
import { importOnnx } from "../calibrate/mod.ts";
import { interpret } from "./support/interpret.ts";
import { float, floats, ints, type ModelSpec, writeOnnx } from "./support/onnx_writer.ts";

function run(spec: Omit<ModelSpec, "outputs">, x: Float32Array): { shape: number[]; data: number[] } {
  const graph = importOnnx(writeOnnx({ ...spec, outputs: ["y"] }), { name: "n" });
  const { shape, data } = interpret(graph, new Map([["x", x]])).get("y")!;
  assertEquals(graph.outputs[0].shape, shape);
  return { shape, data: Array.from(data) };
}

Deno.test("Functions of a value without dimensions give one without dimensions", () => {
  for (const [op, expected] of [["Neg", -2], ["Relu", 2], ["LeakyRelu", 2], ["Elu", 2]] as const) {
    const nodes = [
      { op: "ReduceMean", inputs: ["x"], outputs: ["mean"], attributes: { keepdims: 0 } },
      { op, inputs: ["mean"], outputs: ["y"], ...(op === "LeakyRelu" && { attributes: { alpha: float(0.5) } }) },
    ];
    assertEquals(run({ inputs: { x: [1, 2] }, nodes }, Float32Array.of(1, 3)), { shape: [], data: [expected] });
  }
});

function resized(length: number, attributes: Record<string, string>, target: { size: number } | { scale: number }) {
  const isSize = "size" in target;
  const nodes = [{ op: "Resize", inputs: isSize ? ["x", "", "", "to"] : ["x", "", "to"], outputs: ["y"], attributes }];
  const to = isSize ? ints([1, 1, target.size, 1]) : floats([4], [1, 1, target.scale, 1]);
  const x = Float32Array.from({ length }, (_, index) => index);
  return run({ opset: 19, inputs: { x: [1, 1, length, 1] }, constants: { to }, nodes }, x).data;
}

Deno.test("A Resize by scales gives as many pixels as onnxruntime, which multiplies in float32", () => {
  const nearest = { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" };
  assertEquals(resized(10, nearest, { scale: 3.3 }).length, 33);
  assertEquals(resized(5, nearest, { scale: 0.6 }).length, 3);
});

Deno.test("Positions in the middle of two pixels go to the upper one where that is preferred", () => {
  const nearest = { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "round_prefer_ceil" };
  assertEquals(resized(7, nearest, { size: 2 }), [0, 4]);
  assertEquals(resized(9, nearest, { scale: 1.2 }), [0, 1, 2, 3, 3, 4, 5, 6, 7, 8]);
});
