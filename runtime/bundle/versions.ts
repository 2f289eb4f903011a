/**
 * The versions of the bundle format. `docs/format.md` is the normative
 * description.
 *
 * @module
 */

import { BundleError } from "../errors.ts";
import { ACTIVATION_CODES, type ActivationKind } from "../activation.ts";
import type { BinaryOperation } from "../kernels/binary.ts";
import type { Step } from "../kernels/registry.ts";
import type { Program } from "../program.ts";

/** What a version of the format added: a reader of an older version would misread or refuse a program that uses it. */
interface Feature {
  /** In words that follow "has". */
  name: string;
  /** Whether a program uses it. */
  isUsed(program: Program): boolean;
}

/** A version of the format. */
interface FormatVersion {
  /** The number that a bundle bears. */
  number: number;
  /** What it added. */
  features: readonly Feature[];
}

/** All versions that are read and written, oldest first. */
export const VERSIONS: readonly FormatVersion[] = [
  { number: 1, features: [] },
  {
    number: 2,
    features: [
      { name: "weights of 4 bits", isUsed: ({ constants }) => constants.some(({ type }) => type === "i4") },
    ],
  },
  {
    number: 3,
    features: [
      {
        name: "a layer normalisation",
        isUsed: ({ steps }) => steps.some(({ kernel }) => kernel === "layer_normalization_f32"),
      },
      {
        name: "a convolution with a sum",
        isUsed: ({ steps }) => steps.some(({ kernel }) => kernel === "convolution_sum_u8"),
      },
      {
        name: "slopes along another dimension than the input's last",
        isUsed: ({ steps, tensors }) =>
          steps.some(({ kernel, inputs, output, constants }) =>
            kernel === "activation_f32" && constants.length > 0 &&
            tensors[inputs[0]].shape.at(-1) !== tensors[output].shape.at(-1)
          ),
      },
      { name: "a port for pixels", isUsed: ({ pixels }) => pixels !== undefined },
      { name: "a kind of its first output", isUsed: ({ outputKind }) => outputKind !== undefined },
      {
        name: "a size that images are stretched to",
        isUsed: ({ preprocessing }) => Array.isArray(preprocessing?.resize),
      },
    ],
  },
  {
    number: 4,
    features: [
      {
        name: "an element-wise function of version 4",
        isUsed: ({ steps }) => steps.some((step) => activationsOf(step).some(isRecentFunction)),
      },
      {
        name: "an operation of version 4",
        isUsed: ({ steps }) =>
          steps.some((step) => step.kernel === "binary_f32" && !FIRST_OPERATIONS.has(step.attributes.operation)),
      },
      {
        name: "a running sum",
        isUsed: ({ steps }) => steps.some(({ kernel }) => kernel === "cumulative_sum_f32"),
      },
      {
        name: "places of the greatest numbers",
        isUsed: ({ steps }) => steps.some(({ kernel }) => kernel === "top_indices_f32"),
      },
      { name: "a gather", isUsed: ({ steps }) => steps.some(({ kernel }) => kernel === "gather_f32") },
      { name: "a reduction", isUsed: ({ steps }) => steps.some(({ kernel }) => kernel === "reduce_f32") },
      { name: "free sizes", isUsed: ({ free }) => free !== undefined },
      { name: "a selection", isUsed: ({ steps }) => steps.some(({ kernel }) => kernel === "select_f32") },
    ],
  },
];

/** Operations of two f32 tensors that version 1 has. */
const FIRST_OPERATIONS: ReadonlySet<BinaryOperation> = new Set(
  ["add", "subtract", "multiply", "divide", "maximum", "minimum"] as const,
);

/** The functions that a step applies to its results. */
function activationsOf({ attributes }: Step): ActivationKind[] {
  return [
    ...("activation" in attributes ? [attributes.activation] : []),
    ...("sumActivation" in attributes ? [attributes.sumActivation] : []),
  ];
}

/** Whether a function came with version 4: versions before end at the hyperbolic tangent. */
function isRecentFunction(kind: ActivationKind): boolean {
  return ACTIVATION_CODES[kind] > ACTIVATION_CODES.tanh;
}

/** The newest version. */
const NEWEST_VERSION: number = VERSIONS[VERSIONS.length - 1].number;

/** The least version that has all features of a program. */
export function versionOf(program: Program): number {
  for (let index = VERSIONS.length - 1; index > 0; index--) {
    if (VERSIONS[index].features.some((feature) => feature.isUsed(program))) return VERSIONS[index].number;
  }
  return VERSIONS[0].number;
}

/**
 * Checks that a version is one that this runtime reads.
 *
 * @throws {BundleError} Where it is not; says what to do.
 */
export function requireKnownVersion(version: number): void {
  if (VERSIONS.some(({ number }) => number === version)) return;
  const known = `this runtime reads versions ${VERSIONS[0].number} to ${NEWEST_VERSION}`;
  const remedy = version > NEWEST_VERSION
    ? "update Octet, or calibrate the network anew with this one"
    : "calibrate the network anew";
  throw new BundleError(`Unsupported bundle version ${version}: ${known}; ${remedy}`, 8);
}

/**
 * Checks that a bundle bears the least version that has its features.
 *
 * @throws {BundleError} Where it bears another one.
 */
export function requireOwnVersion(version: number, program: Program): void {
  const own = versionOf(program);
  if (version === own) return;
  const feature = VERSIONS.find(({ number }) => number === own)!.features.find(({ isUsed }) => isUsed(program));
  const reason = feature && version < own ? `, for it has ${feature.name}` : "";
  throw new BundleError(`Bundle of version ${version} has the content of version ${own}${reason}`, 8);
}
