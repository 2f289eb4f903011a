import { assertThrows } from "@std/assert";
import { ACTIVATION_CODES } from "../../runtime/activation.ts";
import { instantiateKernels } from "../../runtime/kernels/instance.ts";
import { geometryWords } from "./convolutions.ts";
import { callKernel, type Field, type Host, hosts } from "./harness.ts";

const UNKNOWN_ACTIVATION = 1 + Math.max(...Object.values(ACTIVATION_CODES));

const ELEMENTS = 16;
const read: Field = { read: new Float32Array(ELEMENTS) };
const write: Field = { write: new Float32Array(ELEMENTS) };
const constant: Field = { constant: new Float32Array(256) };
const identity: Field[] = [0, { float: 0 }, { float: 0 }];
const unknown: Field[] = [UNKNOWN_ACTIVATION, { float: 0 }, { float: 0 }];

/** A call of a convolution of one position and four channels. */
function convolution(kernel: string, { outputType, activation }: { outputType: number; activation: Field[] }): Call {
  const depthwise = kernel.startsWith("depthwise");
  const geometry = geometryWords({
    ...{ batch: 1, inputHeight: 1, inputWidth: 1, inputChannels: 4, outputHeight: 1, outputWidth: 1 },
    ...{ outputChannels: 4, kernelHeight: 1, kernelWidth: 1, strideHeight: 1, strideWidth: 1 },
    ...{ dilationHeight: 1, dilationWidth: 1, padTop: 0, padLeft: 0, groups: depthwise ? 4 : 1 },
  });
  const addresses = [read, constant, constant, constant, constant, write, { scratch: 8192 }];
  return [kernel, [...addresses, ...geometry, 0, outputType, 0, 0, 255, ...activation, { float: 1 }]];
}

function binary(kernel: string, words: Field[]): Call {
  return [kernel, [read, read, write, 1, 1, 1, 4, 4, 4, 4, 1, 4, 4, 4, 1, ...words]];
}

function pool(countIncludePad: number): Call {
  return ["average_pool_f32", [read, write, 1, 1, 1, 4, ...new Array(12).fill(1), countIncludePad, 0, 0, { float: 1 }]];
}

function resize(kernel: string, linear: number): Call {
  return [kernel, [read, write, 1, 1, 1, 4, 1, 1, constant, constant, linear]];
}

type Call = [kernel: string, fields: Field[]];

function binaryU8(operation: number, activation: Field[]): Call {
  return binary("binary_u8", [operation, 0, 0, { float: 1 }, { float: 1 }, 0, 0, 255, ...activation, { float: 1 }]);
}

const convolutions = ["convolution_u8", "convolution_f32", "depthwise_u8", "depthwise_f32"];

/** Calls of kernels with known codes. */
const known: Call[] = [
  ...convolutions.map((kernel) => convolution(kernel, { outputType: 1, activation: identity })),
  ["activation_f32", [read, write, 4, 4, ...identity, 0]],
  binaryU8(1, identity),
  binary("binary_f32", [13, ...identity]),
  pool(1),
  ["quantize", [read, write, 1, 1, 4, 1, { float: 1 }, 0]],
  resize("resize_u8", 1),
  resize("resize_f32", 1),
];

/** The same with a code that there is not. */
const strange: Call[] = [
  ...convolutions.map((kernel) => convolution(kernel, { outputType: 1, activation: unknown })),
  ...["convolution_u8", "depthwise_u8"].map((kernel) => convolution(kernel, { outputType: 2, activation: identity })),
  ["activation_f32", [read, write, 4, 4, ...unknown, 0]],
  binaryU8(1, unknown),
  binaryU8(2, identity),
  binary("binary_f32", [5, ...unknown]),
  binary("binary_f32", [14, ...identity]),
  pool(2),
  ["quantize", [read, write, 1, 1, 4, 2, { float: 1 }, 0]],
  resize("resize_u8", 2),
  resize("resize_f32", 2),
];

function eachHost(check: (host: Host) => void): void {
  for (const host of hosts) check(host);
}

Deno.test("a kernel traps at a code that it does not know, on every build", () => {
  eachHost((host) => {
    for (const [kernel, fields] of strange) {
      assertThrows(() => callKernel(host, kernel, fields), WebAssembly.RuntimeError, "unreachable", kernel);
    }
  });
});

Deno.test("a kernel takes the greatest codes that there are, on every build", () => {
  eachHost((host) => {
    for (const [kernel, fields] of known) callKernel(host, kernel, fields);
  });
});

Deno.test("set_signed takes 0 and 1 alone", () => {
  const { functions: { set_signed } } = instantiateKernels("simd128");
  for (const signed of [1, 0]) set_signed(signed);
  assertThrows(() => set_signed(2), WebAssembly.RuntimeError, "unreachable");
});
