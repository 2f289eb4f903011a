/**
 * Concatenation along one dimension.
 *
 * @module
 */

import type { ConcatNode } from "../graph/graph.ts";
import { placeAlongAxis } from "../graph/relayout.ts";
import { stridesOf } from "../graph/shape.ts";
import { copy } from "../lower/copy.ts";
import { checkNothing, describeAs, noLimits, noParameterAxis, type Operator } from "./operator.ts";
import { commonPlace } from "./samples.ts";

/** Concatenation along one dimension. */
export const concat: Operator<ConcatNode> = {
  shape({ axis }, inputs) {
    const shape = [...inputs[0]];
    for (const other of inputs.slice(1)) {
      const fits = other.length === shape.length && other.every((length, i) => i === axis || length === shape[i]);
      if (!fits) return `cannot join [${inputs[0]}] and [${other}] along axis ${axis}`;
      shape[axis] += other[axis];
    }
    return shape;
  },
  samples({ axis }, places) {
    const known = places.filter((place) => place !== undefined);
    const place = commonPlace(known);
    if (place === undefined) return "it joins samples that stand along different axes";
    if (known.length < places.length) return "it joins samples with a value of as many rows";
    return place.axis === axis ? "it joins values along the batch" : place;
  },
  check: checkNothing,
  readsImages: false,
  relayout: placeAlongAxis,
  parameterAxis: noParameterAxis,
  content: () => ({ origin: "joined" }),
  forms: "needed",
  linkChannels({ inputs, output, axis }, linker) {
    const alongChannels = axis === linker.shape(output).length - 1;
    let start = 0;
    for (const input of inputs) {
      linker.followPart(output, alongChannels ? start : 0, input);
      start += linker.channels(input);
    }
    return true;
  },
  describe: describeAs("concat"),
  limits: noLimits,
  lower(context, node) {
    const form = context.form(node);
    const output = context.create(node.output, form);
    const outputStrides = stridesOf(context.shape(node.output));
    let position = 0;
    for (const input of node.inputs) {
      const dimensions = context.shape(input);
      copy(context, { name: node.name, input: context.place(input, form), output }, {
        dimensions,
        inputStrides: stridesOf(dimensions),
        outputStrides,
        outputOffset: position * outputStrides[node.axis],
      });
      position += dimensions[node.axis];
    }
  },
};
