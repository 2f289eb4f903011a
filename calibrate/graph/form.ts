/**
 * The forms in which values are kept in memory.
 *
 * @module
 */

/** The form of a value: quantised to 8 bits, or float32. */
export type Form = "u8" | "f32";
