/**
 * Node tests whose expected values Octet does not give, with the reason. They
 * are neither wrong nor passed.
 *
 * @module
 */

/** Reasons by the name of the test. */
export const NODE_DIFFERENCES: Readonly<Record<string, string>> = {
  resize_downsample_scales_linear_align_corners:
    "corners are aligned with a fractional length, which neither torch nor onnxruntime does",
};
