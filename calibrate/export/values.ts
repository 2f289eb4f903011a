/**
 * The values of an ONNX graph that stand for a program's tensors: in either
 * order of dimensions, rounded to 8 bits or not.
 *
 * @module
 */

import type { Program } from "../../runtime/program.ts";
import { sameShape } from "../graph/shape.ts";
import { floats, ints, typed } from "../onnx/encode.ts";
import type { OnnxBuilder } from "./onnx_builder.ts";

/** Order of dimensions: as the program stores them, or with the channels of a four-dimensional tensor first. */
export type Order = "stored" | "channels first";

/** A form of a tensor's content. */
export interface ValueForm {
  order: Order;
  /**
   * The dimensions in stored order, where they are not the tensor's own but of as many elements. The first one
   * grows with the batch, so what is done with a value must be the same along it.
   */
  shape?: readonly number[];
  /** Whether the elements are float32, or else of the tensor's own type. */
  float: boolean;
}

/** The values made so far. */
export interface Values {
  /** The value of a tensor in a form; what it takes to convert it is added to the graph. */
  read(tensor: number, form: ValueForm): string;
  /** Records a value of a tensor; float values of u8 tensors are quantised. */
  write(tensor: number, form: ValueForm, value: string): void;
  /** The order in which a tensor was written. */
  orderOf(tensor: number): Order;
  /** Gives a value another shape, whose first dimension grows with the batch. */
  reshape(value: string, shape: readonly number[]): string;
}

const CHANNELS_FIRST = [0, 3, 1, 2];
const CHANNELS_LAST = [0, 2, 3, 1];

/**
 * Makes the table of a program's values.
 *
 * @param builder Receives nodes and constants.
 * @param batched Whether the graph takes any number of samples.
 */
export function createValues({ tensors }: Program, builder: OnnxBuilder, batched: boolean): Values {
  const orders = new Map<number, Order>();
  const known = new Map<string, string>();

  function once(key: string, make: () => string): string {
    const value = known.get(key) ?? make();
    known.set(key, value);
    return value;
  }

  function turn(value: string, order: Order): string {
    const perm = order === "stored" ? CHANNELS_LAST : CHANNELS_FIRST;
    return builder.node("Transpose", `${value} ${order}`, [value], { perm });
  }

  function reshape(value: string, shape: readonly number[]): string {
    const dimensions = batched ? [-1, ...shape.slice(1)] : [...shape];
    return builder.node("Reshape", `${value} reshaped`, [value, builder.constant(`${value} shape`, ints(dimensions))]);
  }

  function parameters(tensor: number): string[] {
    const { name, scale, zeroPoint } = tensors[tensor];
    return [
      once(`${tensor} scale`, () => builder.constant(`${name} scale`, floats([], [scale!]))),
      once(`${tensor} zero point`, () => builder.constant(`${name} zero point`, typed(Uint8Array.of(zeroPoint!), []))),
    ];
  }

  /** A tensor in its own type and shape. */
  function own(tensor: number, order: Order): string {
    return once(`${tensor} ${order}`, () => turn(own(tensor, orders.get(tensor)!), order));
  }

  function shaped(tensor: number, { order, shape }: ValueForm): string {
    if (!shape || sameShape(shape, tensors[tensor].shape)) return own(tensor, order);
    return once(`${tensor} ${order} ${shape}`, () => {
      const value = reshape(own(tensor, "stored"), shape);
      return order === "stored" ? value : turn(value, order);
    });
  }

  return {
    read(tensor, form) {
      const value = shaped(tensor, form);
      if (!form.float || tensors[tensor].type === "f32") return value;
      return once(
        `${value} dequantized`,
        () => builder.node("DequantizeLinear", `${value} dequantized`, [value, ...parameters(tensor)]),
      );
    },
    write(tensor, { order, shape, float }, value) {
      if (float && tensors[tensor].type === "u8") {
        value = builder.node("QuantizeLinear", `${value} quantized`, [value, ...parameters(tensor)]);
      }
      if (shape && !sameShape(shape, tensors[tensor].shape)) {
        value = reshape(order === "stored" ? value : turn(value, "stored"), tensors[tensor].shape);
        order = "stored";
      }
      orders.set(tensor, order);
      known.set(`${tensor} ${order}`, value);
    },
    orderOf: (tensor) => orders.get(tensor)!,
    reshape,
  };
}
