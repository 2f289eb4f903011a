/**
 * What is said of samples that cannot be used: all of them at once.
 *
 * @module
 */

import { InputRangeError, isInputError } from "../../runtime/errors.ts";
import type { Dataset } from "./dataset.ts";

/** Most items that a message lists. */
const MOST_LISTED = 20;

/** Items with commas between; of many the first, and how many more there are. */
export function listed(items: readonly string[], separator = ", "): string {
  const more = items.length - MOST_LISTED;
  const text = items.slice(0, MOST_LISTED).join(separator);
  return more > 0 ? `${text}${separator}and ${more} more` : text;
}

/**
 * Makes the error of work that failed at one sample name all samples that cannot be read.
 *
 * Samples are read only once, when they are needed; so the others that are bad are looked for when one is met.
 *
 * @param dataset The samples.
 * @param data Their path, which errors of reading them name.
 * @param error What ended the work.
 * @returns The error itself where at most one sample is bad; a defect that is met on the way as it is.
 */
export async function nameUnusable(dataset: Dataset, data: string, error: unknown): Promise<unknown> {
  if (!isInputError(error) || !error.message.includes(data)) return error;
  const faults: string[] = [];
  for (let index = 0; index < dataset.length; index++) {
    try {
      await dataset.sample(index);
    } catch (fault) {
      if (!isInputError(fault)) return fault;
      faults.push(fault.message);
    }
  }
  if (faults.length < 2) return error;
  return new InputRangeError(
    `${faults.length} of ${dataset.length} samples cannot be used; repair, convert or remove them: ${
      listed(faults, "; ")
    }`,
    { cause: error },
  );
}
