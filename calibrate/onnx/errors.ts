/**
 * What can be wrong with an ONNX file: it cannot be read, or it can but holds
 * operators that are not supported.
 *
 * @module
 */

import { FormatError, InputError } from "../../runtime/errors.ts";

/** An ONNX file that cannot be read, contradicts itself or breaks the ONNX specification. */
export class OnnxError extends FormatError {
  override readonly name: string = "OnnxError";
  /** Name of the node at fault, where there is one. */
  readonly node: string | undefined;

  /**
   * Makes the error; the node's name is appended to the message.
   *
   * @param message What is wrong and what was expected.
   * @param node Name of the node at fault.
   */
  constructor(message: string, node?: string) {
    super(node === undefined ? message : `${message} (node ${quote(node)})`);
    this.node = node;
  }
}

/** One operator that is not supported. */
export interface UnsupportedOperator {
  /** Name of the node. */
  node: string;
  /** Type of the operator. */
  operator: string;
  /** Domain of the operator; empty for the standard operators. */
  domain: string;
  /** Version of the operator set of that domain; 0 where the file does not import it. */
  opset: number;
  /** What about the node is not supported; absent where it is the operator itself. */
  reason?: string;
}

const LISTED = 20;

/** A network with operators that are not supported: all of them at once. */
export class UnsupportedOperatorsError extends InputError {
  override readonly name: string = "UnsupportedOperatorsError";
  /** Every node that is not supported, in the graph's order. */
  readonly operators: UnsupportedOperator[];

  /**
   * Makes the error; its message lists the first 20 nodes.
   *
   * @param operators Every node that is not supported, at least one.
   */
  constructor(operators: UnsupportedOperator[]) {
    const listed = operators.slice(0, LISTED).map(describe).join(", ");
    const rest = operators.length - LISTED;
    const noun = operators.length === 1 ? "operator is" : "operators are";
    super(
      `${operators.length} ${noun} not supported: ${listed}` +
        (rest > 0 ? ` and ${rest} more` : ""),
    );
    this.operators = operators;
  }
}

/** Thrown while one node is lowered, collected by the importer into an UnsupportedOperatorsError. */
export class UnsupportedReason extends TypeError {}

function describe(entry: UnsupportedOperator): string {
  const operator = entry.domain === "" ? entry.operator : `${entry.domain}.${entry.operator}`;
  const reason = entry.reason === undefined ? "" : `: ${entry.reason}`;
  return `${quote(entry.node)} (${printable(operator)}, opset ${entry.opset}${reason})`;
}

const LONGEST = 120;

/** A name from a file in double quotes, on one line, shortened, without control characters. */
export function quote(name: string): string {
  return `"${printable(name)}"`;
}

function printable(text: string): string {
  const short = text.length > LONGEST ? text.slice(0, LONGEST) + "…" : text;
  return short.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "?");
}
