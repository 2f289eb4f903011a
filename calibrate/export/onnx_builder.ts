/**
 * Collection of an ONNX graph's nodes and constants.
 *
 * @module
 */

import type { AttributeValue, Constant, NodeSpec } from "../onnx/encode.ts";

/** The growing parts of an ONNX graph. */
export interface OnnxBuilder {
  nodes: NodeSpec[];
  constants: Record<string, Constant>;
  /** A name that nothing else has, made of `hint`. */
  name(hint: string): string;
  /** Adds a constant and returns its name. */
  constant(hint: string, constant: Constant): string;
  /** Adds a node of one output and returns the output's name, made of `hint`. */
  node(op: string, hint: string, inputs: string[], attributes?: Record<string, AttributeValue>): string;
}

/** Makes an empty builder. @param taken Names that ports have. */
export function createOnnxBuilder(taken: Iterable<string>): OnnxBuilder {
  const used = new Set(taken);
  const nodes: NodeSpec[] = [];
  const constants: Record<string, Constant> = {};
  function name(hint: string): string {
    let result = hint;
    for (let number = 2; used.has(result); number++) result = `${hint} ${number}`;
    used.add(result);
    return result;
  }
  return {
    nodes,
    constants,
    name,
    constant(hint, constant) {
      const key = name(hint);
      constants[key] = constant;
      return key;
    },
    node(op, hint, inputs, attributes = {}) {
      const output = name(hint);
      nodes.push({ op, name: output, inputs, outputs: [output], attributes });
      return output;
    },
  };
}
