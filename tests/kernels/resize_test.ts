import { resize, type ResizeSource } from "../../kernels/reference/resize.ts";
import { assertKernel, type Random, random } from "./harness.ts";

function randomTable(length: number, size: number, draw: Random): ResizeSource[] {
  return Array.from({ length }, () => ({
    index0: draw.integer(0, size - 1),
    index1: draw.integer(0, size - 1),
    weight1: draw.pick([0, 0.5, draw.float(0, 1)]),
  }));
}

function tableBytes(table: ResizeSource[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(table.length * 12));
  table.forEach(({ index0, index1, weight1 }, i) => {
    view.setInt32(i * 12, index0, true);
    view.setInt32(i * 12 + 4, index1, true);
    view.setFloat32(i * 12 + 8, weight1, true);
  });
  return new Uint8Array(view.buffer);
}

Deno.test("Resizing equals the reference, nearest and linear", () => {
  const draw = random(61);
  for (let round = 0; round < 60; round++) {
    const [batch, channels] = [draw.integer(1, 2), draw.integer(1, 40)];
    const [inputHeight, inputWidth] = [draw.integer(1, 6), draw.integer(1, 6)];
    const rowTable = randomTable(draw.integer(1, 8), inputHeight, draw);
    const columnTable = randomTable(draw.integer(1, 8), inputWidth, draw);
    const options = {
      ...{ batch, inputHeight, inputWidth, channels, rowTable, columnTable },
      linear: round % 2 === 0,
    };
    const length = batch * inputHeight * inputWidth * channels;
    for (const input of [draw.u8(length), draw.f32(length)]) {
      const name = input instanceof Uint8Array ? "resize_u8" : "resize_f32";
      assertKernel(name, resize<Uint8Array | Float32Array>(input, options), (output) => [
        ...[{ read: input }, { write: output }],
        ...[batch, inputHeight, inputWidth, channels, rowTable.length, columnTable.length],
        ...[{ constant: tableBytes(rowTable) }, { constant: tableBytes(columnTable) }, Number(options.linear)],
      ]);
    }
  }
});
