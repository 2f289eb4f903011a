/**
 * The forms in which values are kept in memory.
 *
 * @module
 */

/** The form of a value: quantised to 8 bits, or float32. */
export type Form = "u8" | "f32";

/** The forms in which each value is needed, and the form in which each node computes. */
export interface FormChoice {
  /** Forms needed, by value name; values that nothing needs are absent. */
  needed: Map<string, Set<Form>>;
  /** Form of the result that each node computes, by the name of its output. */
  computed: Map<string, Form>;
  /** Outputs of the layers that are kept in float, or "all". */
  float: ReadonlySet<string> | "all";
}

/** Whether a layer is among those that are kept in float. */
export function keepsFloat(float: FormChoice["float"], output: string): boolean {
  return float === "all" || float.has(output);
}
