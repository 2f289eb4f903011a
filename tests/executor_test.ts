import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { fileURLToPath } from "node:url";
import { floatModel } from "../calibrate/float_model.ts";
import { importOnnx } from "../calibrate/onnx/import.ts";
import { readBundle } from "../runtime/bundle/read.ts";
import { writeBundle } from "../runtime/bundle/write.ts";
import { InputRangeError } from "../runtime/errors.ts";
import { Executor, reserveFile } from "../runtime/executor.ts";
import { floats, writeOnnx } from "./support/onnx_writer.ts";
import { randomFloats, smallParts } from "./support/tiny_bundle.ts";

async function smallBundle() {
  const { program, data } = smallParts();
  return await readBundle(await writeBundle(program, data));
}

/** Number of garbage collections in a process that runs a network of 18 steps 50,000 times. */
async function countCollections(mode: "plain" | "allocate"): Promise<number> {
  const program = fileURLToPath(new URL("support/run_repeatedly.ts", import.meta.url));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--v8-flags=--trace-gc,--max-semi-space-size=1", program, mode],
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder();
  assertEquals(code, 0, text.decode(stderr));
  return text.decode(stdout).match(/ (Scavenge|Mark-Compact) /g)?.length ?? 0;
}

Deno.test("running a program allocates nothing on the heap of JavaScript", async () => {
  const [plain, allocating] = [await countCollections("plain"), await countCollections("allocate")];
  assert(allocating > 15, `an object for each step is seen: ${allocating} collections`);
  assert(plain < 5, `${plain} collections`);
});

Deno.test("the view on a tensor is made once", async () => {
  const executor = new Executor(await smallBundle());
  const { inputs } = executor.program;
  assertStrictEquals(executor.tensor(inputs[0].tensor), executor.tensor(inputs[0].tensor));
});

Deno.test("a program runs in the memory that its file was read into, and gives the same", async () => {
  const { program, data } = smallParts();
  program.arenaBytes = 2 ** 20;
  const file = await writeBundle(program, data);
  const reserved = reserveFile(file.length);
  reserved.bytes.set(file);
  const inPlace = new Executor(await readBundle(reserved.bytes), {}, reserved.instance);
  assertEquals(reserved.bytes.length, 0, "the memory grew, so the views on it ended");
  const copied = new Executor(await readBundle(file));
  for (const executor of [inPlace, copied]) {
    const input = executor.tensor(program.inputs[0].tensor) as Float32Array;
    input.set(randomFloats(input.length, 1));
    executor.run();
  }
  for (const { tensor } of program.outputs) assertEquals(inPlace.tensor(tensor), copied.tensor(tensor));
});

Deno.test("A network that is given an index of nothing says so, and answers the next one", async () => {
  const graph = importOnnx(
    writeOnnx({
      inputs: { x: [1, 2] },
      outputs: ["y"],
      constants: { t: floats([3, 1], [10, 20, 30]) },
      nodes: [
        { op: "Cast", inputs: ["x"], outputs: ["i"], attributes: { to: 7 } },
        { op: "Gather", name: "embedding", inputs: ["t", "i"], outputs: ["y"] },
      ],
    }),
    { name: "network" },
  );
  const model = await floatModel(graph);
  for (const index of [3, -4, 1e9, NaN]) {
    const x = Float32Array.of(0, index);
    assertThrows(
      () => model.run({ x }),
      InputRangeError,
      'Node "embedding" was given an index that is none of its 3 rows',
    );
  }
  assertEquals(Array.from(model.run({ x: Float32Array.of(2, -2) }).y.data), [30, 20]);
});
