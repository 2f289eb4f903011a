/**
 * The stored recipe that turns pixels into a network's input.
 *
 * @module
 */

/** How an image becomes the network's input: resize, centre crop, normalise. */
export interface Preprocessing {
  /** Length in pixels of the shorter side after the antialiased bilinear resize; absent: no resize. */
  resize?: number;
  /** [height, width] in pixels of the centre crop, equal to the network's input. */
  crop: [number, number];
  /** Mean of each channel, on pixels scaled to 0..1. */
  mean: number[];
  /** Standard deviation of each channel, on pixels scaled to 0..1. */
  std: number[];
}
