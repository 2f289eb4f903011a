/**
 * The least that a Deno process can do, for comparison.
 *
 * @module
 */
