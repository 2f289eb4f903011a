/**
 * What can be wrong with an ONNX file: it cannot be read, or it can but holds
 * what is not supported.
 *
 * @module
 */

import { FormatError, InputError } from "../../runtime/errors.ts";

/** An ONNX file that cannot be read, contradicts itself or breaks the ONNX specification. */
export class OnnxError extends FormatError {
  /** Name of the class. */
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

/** Something about a network, other than one of its nodes, that is not supported. */
export interface UnsupportedPart {
  /** A sentence without a full stop: which part, what about it, what was expected. */
  reason: string;
  /** What would help. */
  remedy?: string;
}

/** One node that is not supported. */
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
  /** What would help. */
  remedy?: string;
}

/** Everything for which a network is refused. */
export interface Refusal {
  /** Inputs, outputs, constants, the version of the operators. */
  parts: UnsupportedPart[];
  /** Every node that is not supported, in the graph's order. */
  operators: UnsupportedOperator[];
}

const LISTED = 20;

/** A network that is not supported: all reasons at once, and what would help. */
export class UnsupportedNetworkError extends InputError {
  /** Name of the class. */
  override readonly name: string = "UnsupportedNetworkError";
  /** What is not supported beside nodes. */
  readonly parts: UnsupportedPart[];
  /** Every node that is not supported, in the graph's order. */
  readonly operators: UnsupportedOperator[];

  /**
   * Makes the error; its message lists the first 20 parts and the first 20 nodes.
   *
   * @param refusal At least one reason.
   */
  constructor({ parts, operators }: Refusal) {
    const sentences = parts.slice(0, LISTED).map(({ reason }) => reason);
    if (parts.length > LISTED) sentences.push(`${parts.length - LISTED} more of the kind`);
    if (operators.length > 0) sentences.push(describeOperators(operators));
    const remedies = [...new Set([...parts, ...operators].flatMap(({ remedy }) => remedy ?? []))];
    super(sentences.join("; ") + (remedies.length > 0 ? `. What helps: ${remedies.join("; ")}` : ""));
    this.parts = parts;
    this.operators = operators;
  }
}

/** Thrown while one part of a network is read, collected by the importer into an UnsupportedNetworkError. */
export class UnsupportedReason extends TypeError {
  /** What would help. */
  readonly remedy: string | undefined;

  /**
   * Makes the reason.
   *
   * @param message What about the part is not supported.
   * @param remedy What would help.
   */
  constructor(message: string, remedy?: string) {
    super(message);
    this.remedy = remedy;
  }
}

function describeOperators(operators: readonly UnsupportedOperator[]): string {
  const listed = operators.slice(0, LISTED).map(describe).join(", ");
  const rest = operators.length - LISTED;
  const noun = operators.length === 1 ? "operator is" : "operators are";
  return `${operators.length} ${noun} not supported: ${listed}` + (rest > 0 ? ` and ${rest} more` : "");
}

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
