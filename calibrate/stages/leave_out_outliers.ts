/**
 * The stage that looks for samples on which values explode, and leaves them out.
 *
 * @module
 */

import { InputRangeError } from "../../runtime/errors.ts";
import { findOutliers, type Outlier } from "../observe/outliers.ts";
import { surveyedNames, watchedValues } from "./observe_samples.ts";
import type { Session } from "./session.ts";

/**
 * Runs the float network on all samples and leaves out those whose values are not finite, or far from all others'.
 *
 * @returns A session of the samples that remain, and those that do not.
 * @throws {RangeError} Where none remain.
 */
export async function leaveOutOutliers(session: Session): Promise<{ session: Session; dropped: Outlier[] }> {
  const { network, samples, lanes, progress } = session;
  const { values } = watchedValues(network);
  const team = await lanes.open("survey", () => values);
  const peaks: Float32Array[] = [];
  await team.share(
    samples,
    (lane, sample) => lane.run("survey", sample),
    (found) => void peaks.push(found),
    (done) => progress?.("Surveying", done, samples.length),
  );
  await team.close();
  const dropped = findOutliers(surveyedNames(network), samples, peaks);
  const out = new Set(dropped.map(({ sample }) => sample));
  const rest = samples.filter((sample) => !out.has(sample));
  if (rest.length === 0) throw new InputRangeError(`All ${samples.length} samples give values that are not finite`);
  return { session: { ...session, samples: rest }, dropped };
}
