/**
 * What the stages of a calibration work with: a network, its samples, and the
 * lanes that run one on the other.
 *
 * @module
 */

import type { ProgressListener } from "../../cli/progress.ts";
import type { Preprocessing } from "../../runtime/preprocessing.ts";
import { checkDataset } from "../dataset/check_dataset.ts";
import { classCount } from "../dataset/classes.ts";
import type { Dataset } from "../dataset/dataset.ts";
import { type DatasetOptions, openDataset } from "../dataset/open_dataset.ts";
import { nameUnusable } from "../dataset/unusable_samples.ts";
import type { Graph } from "../graph/graph.ts";
import { type CalibrationLanes, openCalibrationLanes } from "../stream/table.ts";
import { openPlanning, type Planning } from "./planning.ts";
import { type PreparedNetwork, prepareNetwork } from "./prepare_network.ts";

/** The samples that a network runs on, and how. */
export interface SessionOptions {
  /** Path of the samples: a .npy file or a folder of images. */
  data: string;
  /** Path of the labels, for accuracies; "none" for none, not even those of class sub-folders. */
  labels?: string;
  /** Names of the classes, which class sub-folders may go by; stored in the bundle. */
  classes?: string[];
  /** Number of samples to use; all where absent. */
  samples?: number;
  /** How images become the network's input; stored in the bundle. */
  preprocessing?: Preprocessing;
  /** Number of workers, at most 64; 1 by default. The result does not depend on it. */
  threads?: number;
  /** Is told of the work done: a phase, and how much of it. */
  progress?: ProgressListener;
}

/** A network with samples, ready for the stages. */
export interface Session {
  /** The network. */
  network: PreparedNetwork;
  /** Positions of the samples in the data, 0, 1, 2 and so on. */
  samples: readonly number[];
  /** Class index of each sample, where it is known. */
  labels?: Int32Array;
  /** Names of the classes, where the data tell. */
  classes?: string[];
  /** Recipe for images. */
  preprocessing?: Preprocessing;
  /** The samples themselves. */
  dataset: Dataset;
  /** They share the work. */
  lanes: CalibrationLanes;
  /** Tasks for the lanes that need no samples. */
  planning: Planning;
  /** Is told of the work done. */
  progress: ProgressListener | undefined;
}

/**
 * Opens a network and samples, and closes them when the work is done.
 *
 * @param work What is done with them.
 * @throws {RangeError} Where there are no such samples, or a label is no class of the network.
 * @throws {TypeError} Where the network cannot be calibrated, or not on such samples.
 */
export async function withSession<Result>(
  graph: Graph,
  options: SessionOptions,
  work: (session: Session) => Promise<Result>,
): Promise<Result> {
  const network = prepareNetwork(graph);
  const { data, preprocessing, progress, threads = 1 } = options;
  const datasetOptions: DatasetOptions = {
    inputShape: graph.inputs[0].shape,
    classes: { count: classCount(graph.outputs[0].shape), names: options.classes },
    ...(options.labels !== undefined && { labels: options.labels }),
    ...(options.samples !== undefined && { samples: options.samples }),
    ...(preprocessing && { preprocessing }),
  };
  const dataset = await openDataset(data, datasetOptions);
  checkDataset(dataset, { classes: classCount(graph.outputs[0].shape), preprocessing });
  const { length, labels, classes } = dataset;
  const lanes = openCalibrationLanes(Math.min(threads, length));
  try {
    const { float } = network;
    await lanes.use({ data, dataset: datasetOptions, float });
    return await work({
      network,
      samples: Array.from({ length }, (_, index) => index),
      dataset,
      ...(labels && { labels }),
      ...(classes && { classes }),
      ...(preprocessing && { preprocessing }),
      lanes,
      planning: await openPlanning(lanes),
      progress,
    });
  } catch (error) {
    throw await nameUnusable(dataset, data, error);
  } finally {
    lanes.close();
  }
}
