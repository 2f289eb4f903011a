import { assertEquals, assertThrows } from "@std/assert";
import { importOnnx, UnsupportedNetworkError } from "../calibrate/mod.ts";
import { type AttributeValue, type Constant, floats, ints, typed, writeOnnx } from "./support/onnx_writer.ts";

/** ONNX's codes of element types. */
const TYPES = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, float16: 10, uint32: 12 };

/** What an operator makes of constants while a file is imported, cast to `to` first. */
function folded(op: string, constants: Constant[], attributes: Record<string, AttributeValue> = {}, to?: number) {
  const names = constants.map((_, index) => `c${index}`);
  const read = names.map((name) => to === undefined ? name : `${name}/typed`);
  const casts = to === undefined ? [] : names.map((name, index) => ({
    op: "Cast",
    inputs: [name],
    outputs: [read[index]],
    attributes: { to },
  }));
  const graph = importOnnx(
    writeOnnx({
      inputs: { x: [1, 2] },
      outputs: ["y"],
      constants: Object.fromEntries(constants.map((constant, index) => [names[index], constant])),
      nodes: [
        ...casts,
        { op, inputs: read, outputs: ["folded"], attributes },
        { op: "Cast", inputs: ["folded"], outputs: ["float"], attributes: { to: TYPES.float32 } },
        { op: "Add", inputs: ["x", "float"], outputs: ["y"] },
      ],
    }),
    { name: "n" },
  );
  return Array.from(graph.values.values()).filter(({ data }) => data).map(({ data }) => Array.from(data!))[0];
}

Deno.test("A folded Mod has the sign of the divisor, and with fmod that of the dividend", () => {
  const [a, b] = [ints([-5, 5]), ints([3, -3])];
  assertEquals(folded("Mod", [a, b]), [1, -1]);
  assertEquals(folded("Mod", [a, b], { fmod: 1 }), [-2, 2]);
  const [c, d] = [floats([2], [-5.5, 4.25]), floats([2], [2, -3])];
  assertEquals(folded("Mod", [c, d], { fmod: 1 }), [-1.5, 1.25]);
  assertThrows(() => folded("Mod", [c, d]), UnsupportedNetworkError, "it takes floats without fmod");
  assertThrows(() => folded("Mod", [a, ints([0, 1])]), UnsupportedNetworkError, "it divides integers by 0");
});

Deno.test("A folded Cast to few bits wraps around", () => {
  assertEquals(folded("Cast", [floats([2], [300.7, 256])], { to: TYPES.uint8 }), [44, 0]);
  assertEquals(folded("Cast", [floats([2], [300, -129])], { to: TYPES.int8 }), [44, 127]);
  assertEquals(folded("Cast", [ints([-2, 2 ** 31])], { to: TYPES.uint32 }), [Math.fround(2 ** 32 - 2), 2 ** 31]);
  assertThrows(
    () => folded("Cast", [floats([2], [NaN, 1])], { to: TYPES.int64 }),
    UnsupportedNetworkError,
    "it makes int64 of NaN",
  );
});

Deno.test("Folded arithmetic keeps to the integers and floats of its type", () => {
  const bytes = [typed(Uint8Array.of(200, 3)), typed(Uint8Array.of(100, 5))];
  assertEquals(folded("Add", bytes), [44, 8]);
  assertEquals(folded("Sub", bytes), [100, 254]);
  assertEquals(folded("Mul", [typed(Int8Array.of(100, -128)), typed(Int8Array.of(2, -1))]), [-56, -128]);
  assertEquals(folded("Neg", [typed(Int8Array.of(-128, 5))]), [-128, -5]);
  const words = [typed(Int32Array.of(2 ** 31 - 1, 1)), typed(Int32Array.of(1, 1))];
  assertEquals(folded("Add", words), [-(2 ** 31), 2]);
  assertEquals(folded("Add", [floats([2], [2048, 1]), floats([2], [1, 1])], {}, TYPES.float16), [2048, 2]);
});

Deno.test("A folded mean of integers is cut off, and negative numbers do not become uint64", () => {
  assertEquals(folded("ReduceMean", [ints([1, 2])], { axes: [0], keepdims: 0 }), [1]);
  assertEquals(folded("ReduceMean", [ints([-1, -2])], { axes: [0], keepdims: 0 }), [-1]);
  assertThrows(() => folded("Cast", [ints([3, -1])], { to: 13 }), UnsupportedNetworkError, "it makes uint64 of -1");
});
