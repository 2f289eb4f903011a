/**
 * Octet: 8-bit networks at the edge.
 *
 * @example Running a network
 * ```ts ignore
 * import { Model } from "octet";
 *
 * const model = await Model.load("network.octet");
 * const { logits } = model.run({ input: new Float32Array(3 * 224 * 224) });
 * ```
 *
 * @module
 */

export * from "./runtime/mod.ts";
