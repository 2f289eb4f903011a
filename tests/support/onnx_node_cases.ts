/**
 * Reads the node tests of the ONNX project and turns each into networks that
 * the importer takes: parameters become constants, and outputs that would be
 * constant or an unchanged input are added to an input of zeros.
 *
 * @module
 */

import onnxProto, { type onnx } from "onnx-proto";
import { decodeTensor } from "../../calibrate/onnx/decode_tensor.ts";
import { NEWEST_OPSET } from "../../calibrate/onnx/decode.ts";
import { importOnnx } from "../../calibrate/onnx/import.ts";
import type { Tensor } from "../../calibrate/onnx/tensor.ts";
import { interpret } from "./interpret.ts";
import { encodeProto } from "./onnx_writer.ts";

/** A node test. */
export interface NodeCase {
  name: string;
  operators: string[];
  model: onnx.ModelProto;
  inputs: onnx.ITensorProto[];
  outputs: onnx.ITensorProto[];
}

/** Unpacks an archive of node tests with `tar`. */
export async function extractArchive(archive: URL, folder: string): Promise<void> {
  const command = new Deno.Command("tar", { args: ["xzf", archive.pathname, "-C", folder] });
  const { success, stderr } = await command.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

/** The node tests in a folder, by name. */
export function readCases(folder: string): NodeCase[] {
  return Array.from(Deno.readDirSync(folder), (entry) => entry.name).sort().map((name) => {
    const model = onnxProto.onnx.ModelProto.decode(Deno.readFileSync(`${folder}/${name}/model.onnx`));
    const read = (kind: string): onnx.ITensorProto[] => {
      const data = `${folder}/${name}/test_data_set_0`;
      const files = Array.from(Deno.readDirSync(data), (entry) => entry.name)
        .filter((file) => file.startsWith(kind)).length;
      return Array.from({ length: files }, (_, i) => {
        const bytes = Deno.readFileSync(`${data}/${kind}_${i}.pb`);
        try {
          return onnxProto.onnx.TensorProto.decode(bytes);
        } catch {
          return {};
        }
      });
    };
    return {
      name: name.replace(/^test_/, ""),
      operators: (model.graph?.node ?? []).map((node) => node.opType ?? ""),
      model,
      inputs: read("input"),
      outputs: read("output"),
    };
  });
}

/** How a node test is turned into a network. */
export interface CaseForm {
  /** Which inputs stay inputs; the others become constants. */
  isVariable: (index: number, tensor: onnx.ITensorProto) => boolean;
  /** Whether outputs are added to zeros. */
  wrap: boolean;
}

/** Imports and interprets a node test; returns what is wrong, or undefined. */
export function runCase(test: NodeCase, form: CaseForm): string | undefined {
  const model = onnxProto.onnx.ModelProto.decode(
    onnxProto.onnx.ModelProto.encode(test.model).finish(),
  );
  const graph = model.graph!;
  const variables = new Map<string, Float32Array>();
  const names = graph.input!.map((port) => port.name!);
  graph.input = graph.input!.filter((port, i) => {
    if (!form.isVariable(i, test.inputs[i])) return false;
    variables.set(port.name!, decodeTensor(test.inputs[i], "input").data as Float32Array);
    return true;
  });
  names.forEach((name, i) => {
    if (!variables.has(name)) graph.initializer!.push({ ...test.inputs[i], name });
  });
  for (const entry of model.opsetImport!) {
    entry.version = Math.min(Number(entry.version), NEWEST_OPSET);
  }
  const expected = new Map<string, Tensor>();
  graph.output!.forEach((port, i) => expected.set(port.name!, decodeTensor(test.outputs[i], "output")));
  if (form.wrap) wrapOutputs(graph, { expected, variables });
  try {
    const outputs = interpret(importOnnx(encodeProto(model), { name: test.name }), variables);
    for (const [name, want] of expected) {
      const complaint = compare(outputs.get(name)!.data, want.data);
      if (complaint) return complaint;
    }
  } catch (error) {
    return `${error}`;
  }
}

function wrapOutputs(
  graph: onnx.IGraphProto,
  { expected, variables }: {
    expected: Map<string, Tensor>;
    variables: Map<string, Float32Array>;
  },
): void {
  for (const [name, want] of Array.from(expected)) {
    const count = want.data.length;
    graph.node!.push(
      { opType: "Cast", input: [name], output: [`${name}/float`], attribute: [{ name: "to", type: 2, i: 1 }] },
      { opType: "Add", input: [`${name}/float`, `${name}/zero`], output: [`${name}/sum`] },
    );
    graph.input!.push({
      name: `${name}/zero`,
      type: {
        tensorType: {
          elemType: 1,
          shape: { dim: (want.shape.length ? want.shape : [1]).map((dimValue) => ({ dimValue })) },
        },
      },
    });
    variables.set(`${name}/zero`, new Float32Array(count));
    expected.delete(name);
    expected.set(`${name}/sum`, want);
  }
  graph.output = Array.from(expected.keys(), (name) => ({
    name,
    type: { tensorType: { elemType: 1 } },
  }));
}

function compare(got: Float32Array, want: ArrayLike<number>): string | undefined {
  if (got.length !== want.length) return `${got.length} elements instead of ${want.length}`;
  for (let i = 0; i < got.length; i++) {
    if (!(Math.abs(got[i] - want[i]) <= 1e-4 * (1 + Math.abs(want[i])))) {
      return `element ${i} is ${got[i]} instead of ${want[i]}`;
    }
  }
}
