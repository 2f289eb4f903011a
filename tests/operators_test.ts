import { assert, assertEquals } from "@std/assert";
import type { Node, SoftmaxNode } from "../calibrate/graph/graph.ts";
import { ACTIVATIONS, type Activations } from "../calibrate/graph/activations.ts";
import type { Operator } from "../calibrate/operators/operator.ts";
import { OPERATORS, type Operators } from "../calibrate/operators/operators.ts";
import type { Activation } from "../runtime/activation.ts";

/** The parts of a type that may be left out. */
type OptionalParts<T> = { [K in keyof T]-?: object extends Pick<T, K> ? K : never }[keyof T];

/** True where there are none. */
type AllRequired<T> = [OptionalParts<T>] extends [never] ? true : false;

Deno.test("an operator that lacks a part does not compile", () => {
  const complete: AllRequired<Operator<SoftmaxNode>> = true;
  const { shape: _shape, ...withoutShape } = OPERATORS.softmax;
  // @ts-expect-error The shape of the result is missing.
  const lacksShape: Operator<SoftmaxNode> = withoutShape;
  const { relayout: _relayout, ...withoutRelayout } = OPERATORS.softmax;
  // @ts-expect-error What a change of layout does is missing.
  const lacksRelayout: Operator<SoftmaxNode> = withoutRelayout;
  assert(complete && lacksShape && lacksRelayout);
});

Deno.test("a table of operators that lacks one, or that of a new node, does not compile", () => {
  const { softmax: _softmax, ...others } = OPERATORS;
  // @ts-expect-error Softmax is missing.
  const lacksSoftmax: Operators = others;
  type Extended = Node["op"] | "new";
  // @ts-expect-error A node of this kind has no room.
  const lacksNewNode: { readonly [K in Extended]: unknown } = OPERATORS;
  // @ts-expect-error A room knows its own nodes alone.
  const swapped: Operators = { ...OPERATORS, softmax: OPERATORS.concat };
  assert(lacksSoftmax && lacksNewNode && swapped);
});

Deno.test("an activation function that lacks a part, or a table that lacks a function, does not compile", () => {
  const complete: AllRequired<Activations["elu"]> = true;
  const { onGrids: _onGrids, ...withoutGrids } = ACTIVATIONS.elu;
  // @ts-expect-error What becomes of it before grids of channels is missing.
  const lacksPart: Activations["elu"] = withoutGrids;
  const { elu: _elu, ...others } = ACTIVATIONS;
  // @ts-expect-error Elu is missing.
  const lacksFunction: Activations = others;
  type Extended = Activation["kind"] | "new";
  // @ts-expect-error A new function has no row.
  const lacksNewFunction: { readonly [K in Extended]: unknown } = ACTIVATIONS;
  assert(complete && lacksPart && lacksFunction && lacksNewFunction);
});

Deno.test("every operator tells why it can make nothing of shapes that do not fit", () => {
  const cases: { [K in Node["op"]]?: [Parameters<Operators[K]["shape"]>, RegExp] } = {
    binary: [[{ op: "binary", operation: "add", activation: { kind: "identity" } }, [[2], [3]], {
      order: "channelsLast",
    }], /broadcast/],
    concat: [[{ op: "concat", axis: 0 }, [[1, 2], [1, 3]], { order: "channelsLast" }], /cannot join/],
    matMul: [[{ op: "matMul" }, [[2, 3], [4, 2]], { order: "channelsLast" }], /cannot multiply/],
    reshape: [[{ op: "reshape" }, [[4]], { order: "channelsLast", wanted: [3] }], /the shape/],
    slice: [
      [{ op: "slice", starts: [1], steps: [2] }, [[4]], { order: "channelsLast", wanted: [3] }],
      /cannot cut/,
    ],
    transpose: [[{ op: "transpose", permutation: [1, 0] }, [[4]], { order: "channelsLast" }], /cannot permute/],
    pad: [[{ op: "pad", before: [0, 0], after: [0, 0], value: 0 }, [[4]], { order: "channelsLast" }], /cannot pad/],
    dilate: [[{ op: "dilate", step: [2, 2] }, [[4]], { order: "channelsLast" }], /four dimensions/],
    softmax: [[{ op: "softmax", axis: 1 }, [[4]], { order: "channelsLast" }], /no dimension 1/],
  };
  for (const [op, [given, reason]] of Object.entries(cases)) {
    const shape = OPERATORS[op as Node["op"]].shape as (...given: unknown[]) => unknown;
    const answer = shape(...given);
    assert(typeof answer === "string" && reason.test(answer), `${op}: ${answer}`);
  }
  assertEquals(Object.keys(OPERATORS).length, new Set(Object.values(OPERATORS)).size);
});
