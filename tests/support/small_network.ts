/**
 * A network for tests of whole calibrations.
 *
 * @module
 */

import type { Graph } from "../../calibrate/graph/graph.ts";
import { random } from "./random.ts";
import { makeGraph } from "./tiny_bundle.ts";

/** A convolution without bias, and a classifier that reads the mean of each of its channels; [1, 3, 8, 8] to [1, 5]. */
export function smallNetwork(seed = 1): Graph {
  return makeGraph({
    inputs: { x: [1, 3, 8, 8] },
    shapes: { image: [1, 8, 8, 3], a: [1, 8, 8, 8], mean: [1, 1, 1, 8], flat: [1, 8], y: [1, 5] },
    nodes: [
      { op: "transpose", inputs: ["x"], output: "image", permutation: [0, 2, 3, 1] },
      {
        op: "convolution",
        inputs: ["image"],
        output: "a",
        weights: random(seed).f32(8 * 27, -0.5, 0.5),
        weightShape: [8, 3, 3, 3],
        bias: new Float32Array(8),
        stride: [1, 1],
        dilation: [1, 1],
        pads: [1, 1, 1, 1],
        groups: 1,
        activation: { kind: "relu" },
      },
      { op: "reduceMean", inputs: ["a"], output: "mean", axes: [1, 2] },
      { op: "reshape", inputs: ["mean"], output: "flat" },
      {
        op: "fullyConnected",
        inputs: ["flat"],
        output: "y",
        weights: random(seed + 1).f32(40, -1, 1),
        weightShape: [5, 8],
        bias: new Float32Array(5),
        activation: { kind: "identity" },
      },
    ],
  });
}
