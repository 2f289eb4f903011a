import { copy, type CopyOptions } from "../../kernels/reference/copy.ts";
import { assertKernel, type Random, random } from "./harness.ts";

interface Side {
  strides: number[];
  offset: number;
  length: number;
}

/** Strides of a tensor of these dimensions in a random order, some of them negative, with gaps. */
function side(dimensions: readonly number[], draw: Random): Side {
  const plain = draw.integer(0, 1) === 0;
  const axes = dimensions.map((_, axis) => axis).reverse();
  if (!plain) axes.sort(() => draw.float(-1, 1));
  const strides = dimensions.map(() => 0);
  let [length, offset] = [1, draw.integer(0, 3)];
  for (const axis of axes) {
    const negative = !plain && draw.integer(0, 3) === 0;
    strides[axis] = negative ? -length : length;
    if (negative) offset += (dimensions[axis] - 1) * length;
    length *= dimensions[axis] + (plain ? draw.pick([0, 0, 0, 1]) : draw.pick([0, 1]));
  }
  return { strides, offset, length: length + 4 };
}

Deno.test("A strided copy equals the reference and leaves the gaps alone", () => {
  const draw = random(71);
  for (let round = 0; round < 200; round++) {
    const dimensions = [0, 1, 2, 3, 4, 5].map(() => draw.pick([1, 1, 2, 3, draw.integer(1, 20)]));
    if (dimensions.reduce((a, b) => a * b) > 20_000) continue;
    const [from, to] = [side(dimensions, draw), side(dimensions, draw)];
    const options: CopyOptions = {
      inputOffset: from.offset,
      outputOffset: to.offset,
      dimensions,
      inputStrides: from.strides,
      outputStrides: to.strides,
    };
    const words = [from.offset, to.offset, ...dimensions, ...from.strides, ...to.strides];
    const bytes = draw.u8(from.length);
    for (const input of [bytes, Uint32Array.from(bytes, (byte) => byte * 0x1010307)]) {
      const name = input instanceof Uint8Array ? "copy_8" : "copy_32";
      const Output = input instanceof Uint8Array ? Uint8Array : Uint32Array;
      const expected = new Output(to.length).fill(77);
      copy(input as Uint8Array, expected as Uint8Array, options);
      assertKernel(name, expected, (output) => [{ read: input }, { write: output }, ...words]);
    }
  }
});

Deno.test("A fill writes exactly its elements", () => {
  for (let count = 0; count < 40; count++) {
    const bytes = new Uint8Array(count).fill(201);
    assertKernel("fill_8", bytes, (output) => [{ write: output }, count, 201]);
    const words = new Uint32Array(count).fill(0x12345678);
    assertKernel("fill_32", words, (output) => [{ write: output }, count, 0x12345678]);
  }
});

Deno.test("A constant becomes a tensor of the same elements", () => {
  const draw = random(72);
  for (let count = 0; count < 40; count++) {
    const bytes = draw.u8(count);
    assertKernel("constant_8", bytes, (output) => [{ constant: bytes }, { write: output }, count]);
    const words = Uint32Array.from(bytes, (byte) => byte * 0x1010307);
    assertKernel("constant_32", words, (output) => [{ constant: words }, { write: output }, count]);
  }
});
