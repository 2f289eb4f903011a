/**
 * The node tests of the ONNX project, as networks that Octet may take.
 *
 * @module
 */

import onnxProto, { type onnx } from "onnx-proto";
import { encodeProto } from "../../calibrate/onnx/encode.ts";

const { ModelProto, TensorProto } = onnxProto.onnx;

/** A node test. */
export interface NodeCase {
  name: string;
  model: onnx.ModelProto;
  /** Values of the inputs, in the order of the model's. */
  inputs: onnx.ITensorProto[];
  /** Values that the outputs must have, in the order of the model's. */
  outputs: onnx.ITensorProto[];
}

/** A node test as a network: which of its inputs stay inputs. */
export interface CaseNetwork {
  bytes: Uint8Array;
  inputs: Record<string, onnx.ITensorProto>;
  outputs: Record<string, onnx.ITensorProto>;
}

/**
 * How a test is asked for: "as written"; "bound", where that is refused, with
 * inputs made constants, those that are not float32 and then all but the first;
 * "folded", with all inputs made constants and an input of zeros added to the
 * outputs, which tries what is computed while a file is imported.
 */
export const FORMS = ["as written", "bound", "folded"] as const;

/** One of {@linkcode FORMS}. */
export type Form = (typeof FORMS)[number];

const FLOAT32 = 1;

/** The node tests in a folder, by name; those whose values are no tensors are left out. */
export function* readCases(folder: string): Generator<NodeCase> {
  for (const name of Array.from(Deno.readDirSync(folder), (entry) => entry.name).sort()) {
    const read = (kind: string): onnx.ITensorProto[] => {
      const data = `${folder}/${name}/test_data_set_0`;
      const count = Array.from(Deno.readDirSync(data)).filter((entry) => entry.name.startsWith(`${kind}_`)).length;
      return Array.from(
        { length: count },
        (_, index) => TensorProto.decode(Deno.readFileSync(`${data}/${kind}_${index}.pb`)),
      );
    };
    const model = ModelProto.decode(Deno.readFileSync(`${folder}/${name}/model.onnx`));
    if (![...model.graph!.input!, ...model.graph!.output!].every(({ type }) => type?.tensorType)) continue;
    yield { name: name.replace(/^test_/, ""), model, inputs: read("input"), outputs: read("output") };
  }
}

/** The networks of a test in a form, the first of which Octet takes counts. */
export function networksOf(test: NodeCase, form: Form): CaseNetwork[] {
  const float = test.inputs.map((tensor) => tensor.dataType === FLOAT32);
  const first = float.indexOf(true);
  switch (form) {
    case "as written":
      return [network(test, test.inputs.map(() => true))];
    case "bound":
      return first < 0 ? [] : [network(test, float), network(test, float.map((_, index) => index === first))];
    case "folded":
      return [addZeros(network(test, test.inputs.map(() => false)))];
  }
}

function network({ model, inputs, outputs }: NodeCase, isInput: readonly boolean[]): CaseNetwork {
  const copy = ModelProto.decode(ModelProto.encode(model).finish());
  const graph = copy.graph!;
  const ports = graph.input!;
  graph.initializer!.push(
    ...ports.flatMap(({ name }, index) => isInput[index] ? [] : [{ ...inputs[index], name: name! }]),
  );
  graph.input = ports.filter((_, index) => isInput[index]);
  return {
    bytes: encodeProto(copy),
    inputs: Object.fromEntries(
      ports.flatMap(({ name }, index) => isInput[index] ? [[name!, inputs[index]] as const] : []),
    ),
    outputs: Object.fromEntries(graph.output!.map(({ name }, index) => [name!, outputs[index]])),
  };
}

/** Outputs become floats, and zero is added to them. */
function addZeros({ bytes, outputs }: CaseNetwork): CaseNetwork {
  const model = ModelProto.decode(bytes);
  const graph = model.graph!;
  graph.input = [{
    name: "octet/zero",
    type: { tensorType: { elemType: FLOAT32, shape: { dim: [{ dimValue: 1 }] } } },
  }];
  const sums: Record<string, onnx.ITensorProto> = {};
  for (const [name, value] of Object.entries(outputs)) {
    graph.node!.push(
      { opType: "Cast", input: [name], output: [`${name}/float`], attribute: [{ name: "to", type: 2, i: FLOAT32 }] },
      { opType: "Add", input: [`${name}/float`, "octet/zero"], output: [`${name}/sum`] },
    );
    sums[`${name}/sum`] = { ...value, dims: value.dims?.length ? value.dims : [1] };
  }
  graph.output = Object.keys(sums).map((name) => ({ name, type: { tensorType: { elemType: FLOAT32 } } }));
  const zero = { dims: [1], dataType: FLOAT32, floatData: [0] };
  return { bytes: encodeProto(model), inputs: { "octet/zero": zero }, outputs: sums };
}
