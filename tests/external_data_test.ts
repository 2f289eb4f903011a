import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { externalDataBeside } from "../calibrate/external_data.ts";
import { importOnnx } from "../calibrate/onnx/import.ts";
import { isInputError } from "../runtime/errors.ts";
import { encodeProto, floats, modelProto } from "./support/onnx_writer.ts";

type Entries = Record<string, string>;

/** x + c, with c in another file that the entries name. */
function model(entries: Entries): Uint8Array {
  const proto = modelProto({
    inputs: { x: [1, 3, 4, 4] },
    outputs: ["y"],
    constants: { c: floats([3, 1, 1], [1, 2, 3]) },
    nodes: [{ op: "Add", inputs: ["x", "c"], outputs: ["y"] }],
  });
  const [constant] = proto.graph!.initializer!;
  delete constant.rawData;
  const externalData = Object.entries(entries).map(([key, value]) => ({ key, value }));
  Object.assign(constant, { dataLocation: 1, externalData });
  return encodeProto(proto);
}

/** Folders "model" and "other", with 8 bytes and then the elements of c in "w.data" of both. */
function withFolders(work: (folder: string) => void): void {
  const folder = Deno.makeTempDirSync();
  try {
    const data = new Uint8Array(20);
    data.set(new Uint8Array(Float32Array.of(1, 2, 3).buffer), 8);
    for (const name of ["model", "other", "model/deep"]) {
      Deno.mkdirSync(`${folder}/${name}`);
      Deno.writeFileSync(`${folder}/${name}/w.data`, data);
    }
    work(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function constantOf(path: string, entries: Entries): unknown {
  const graph = importOnnx(model(entries), { name: "n", external: externalDataBeside(path) });
  return JSON.stringify(
    graph.nodes,
    (_, value) => ArrayBuffer.isView(value) ? Array.from(value as Float32Array) : value,
  );
}

Deno.test("Data beside the model's file are those of a model with the data inside", () => {
  withFolders((folder) => {
    const path = `${folder}/model/network.onnx`;
    Deno.writeFileSync(path, new Uint8Array(0));
    const inside = modelProto({
      inputs: { x: [1, 3, 4, 4] },
      outputs: ["y"],
      constants: { c: floats([3, 1, 1], [1, 2, 3]) },
      nodes: [{ op: "Add", inputs: ["x", "c"], outputs: ["y"] }],
    });
    const { nodes } = importOnnx(encodeProto(inside), { name: "n" });
    const expected = JSON.stringify(
      nodes,
      (_, value) => ArrayBuffer.isView(value) ? Array.from(value as Float32Array) : value,
    );
    for (
      const entries of [
        { location: "w.data", offset: "8", length: "12" },
        { location: "w.data", offset: "8" },
        { location: "./deep/w.data", offset: "8", checksum: "0" },
      ]
    ) assertEquals(constantOf(path, entries), expected);
  });
});

Deno.test("Data outside the model's folder, of another length or nowhere are refused by name", () => {
  withFolders((folder) => {
    const path = `${folder}/model/network.onnx`;
    Deno.writeFileSync(path, new Uint8Array(0));
    Deno.symlinkSync(`${folder}/other/w.data`, `${folder}/model/link.data`);
    const cases: [Entries, string][] = [
      [{ location: "../other/w.data" }, "outside the model's folder"],
      [{ location: "deep/../../other/w.data" }, "outside the model's folder"],
      [{ location: `${folder}/other/w.data` }, "outside the model's folder"],
      [{ location: "..\\other\\w.data" }, "outside the model's folder"],
      [{ location: "C:w.data" }, "outside the model's folder"],
      [{ location: "link.data", offset: "8" }, "it leads out of the model's folder"],
      [{ offset: "8" }, "does not say which file holds its data"],
      [{ location: "w.data", offset: "-8" }, 'has "-8" as the offset of its data'],
      [{ location: "w.data", length: "1e3" }, 'has "1e3" as the length of its data'],
      [{ location: "w.data", length: "400" }, 'has 400 bytes in "w.data": its shape needs 12'],
      [{ location: "w.data", offset: "12" }, "it ends at byte 20: the model has data up to byte 24"],
      [{ location: "w.data", offset: "999999999999" }, "the model has data up to byte"],
      [{ location: "none.data" }, "none.data: no such file"],
      [{ location: "deep" }, "deep: it is not a file"],
    ];
    for (const [entries, message] of cases) {
      const error = assertThrows(() => constantOf(path, entries), Error);
      assertStringIncludes(error.message, message);
      assertEquals(isInputError(error), true, message);
    }
  });
});

Deno.test("A link is followed to where the model's own file leads", () => {
  withFolders((folder) => {
    Deno.writeFileSync(`${folder}/other/blob`, new Uint8Array(0));
    Deno.symlinkSync(`${folder}/other/blob`, `${folder}/model/network.onnx`);
    Deno.symlinkSync(`${folder}/other/w.data`, `${folder}/model/link.data`);
    constantOf(`${folder}/model/network.onnx`, { location: "link.data", offset: "8" });
  });
});
