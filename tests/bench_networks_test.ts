import { assert, assertEquals } from "@std/assert";
import { fullyConnected } from "../bench/networks/fully_connected.ts";
import { writeFloatOnnx } from "../bench/networks/float_onnx.ts";
import { mobilenetV2 } from "../bench/networks/mobilenet_v2.ts";
import { type Network, samePadding } from "../bench/networks/network.ts";
import { resnet18 } from "../bench/networks/resnet18.ts";
import { describeNetwork } from "../calibrate/inspect/describe_network.ts";

/** Multiply-adds and weights with biases, BatchNormalization folded, of the published networks. */
const PUBLISHED: [Network, { multiplyAdds: number; parameters: number; convolutions: number }][] = [
  [mobilenetV2(), { multiplyAdds: 300_774_272, parameters: 3_487_816, convolutions: 52 }],
  [resnet18(), { multiplyAdds: 1_814_073_344, parameters: 11_684_712, convolutions: 20 }],
];

Deno.test("Benched networks have the layers, weights and multiply-adds of the published ones", () => {
  for (const [network, { multiplyAdds, parameters, convolutions }] of PUBLISHED) {
    assertEquals(network.multiplyAdds, multiplyAdds, network.name);
    assertEquals(network.layers.filter(({ kind }) => kind === "convolution").length, convolutions, network.name);
    const description = describeNetwork(writeFloatOnnx(network), { name: network.name });
    assertEquals(description.multiplyAdds, multiplyAdds, network.name);
    assertEquals(description.parameters, parameters, network.name);
    assertEquals(description.inputs, [{ name: "x", shape: [1, 3, 224, 224] }]);
    assertEquals(description.outputs, [{ name: "y", shape: [1, 1000] }]);
  }
});

Deno.test("A benched network has the same bytes each time it is built", () => {
  const build = () => writeFloatOnnx(fullyConnected(3, 5, 7));
  assertEquals(build(), build());
  assert(build().length > 5 * 7 * 4);
});

Deno.test("Same padding puts the odd row at the end", () => {
  assertEquals(samePadding(224, 3, 2), { before: 0, total: 1 });
  assertEquals(samePadding(224, 7, 2), { before: 2, total: 5 });
  assertEquals(samePadding(56, 3, 1), { before: 1, total: 2 });
  assertEquals(samePadding(56, 1, 2), { before: 0, total: 0 });
});
