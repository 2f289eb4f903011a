/**
 * The hosts that edge functions are built for.
 *
 * @module
 */

/** One module for hosts that compile WebAssembly at run time, or modules for workerd, which doesn't. */
export type Target = typeof TARGETS[number];

/** All hosts, the default first. */
export const TARGETS = ["module", "workerd"] as const;
