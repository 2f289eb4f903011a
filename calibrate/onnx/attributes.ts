/**
 * Reads the attributes of nodes, with their types checked.
 *
 * @module
 */

import { OnnxError, quote } from "./errors.ts";
import type { Attribute, OnnxNode } from "./model.ts";
import type { Tensor } from "./tensor.ts";

type Kind = Exclude<Attribute["kind"], "other">;
type Known<K extends Kind> = Extract<Attribute, { kind: K }>;

function read<K extends Kind>(node: OnnxNode, name: string, kind: K): Known<K> | undefined {
  const attribute = node.attributes.get(name);
  if (attribute === undefined) return undefined;
  if (attribute.kind !== kind) {
    throw new OnnxError(
      `Attribute ${quote(name)} of ${node.operator} has kind ${attribute.kind}: expected ${kind}`,
      node.name,
    );
  }
  return attribute as Known<K>;
}

/** An integer attribute, or the default. */
export function intAttribute(node: OnnxNode, name: string, otherwise: number): number {
  return read(node, name, "int")?.value ?? otherwise;
}

/** A float attribute, or the default; must be finite. */
export function floatAttribute(node: OnnxNode, name: string, otherwise: number): number {
  const value = read(node, name, "float")?.value ?? otherwise;
  if (Number.isNaN(value)) throw new OnnxError(`Attribute ${quote(name)} is not a number`, node.name);
  return value;
}

/** A string attribute, or the default. */
export function stringAttribute(node: OnnxNode, name: string, otherwise: string): string {
  return read(node, name, "string")?.value ?? otherwise;
}

/** An attribute that is a list of integers, where present. */
export function intsAttribute(node: OnnxNode, name: string): number[] | undefined {
  return read(node, name, "ints")?.value;
}

/** An attribute that is a list of floats, where present. */
export function floatsAttribute(node: OnnxNode, name: string): number[] | undefined {
  return read(node, name, "floats")?.value;
}

/** A tensor attribute, where present. */
export function tensorAttribute(node: OnnxNode, name: string): Tensor | undefined {
  return read(node, name, "tensor")?.value;
}
