/**
 * Node tests whose expected values Octet does not give, with the reason. They
 * are neither wrong nor passed.
 *
 * @module
 */

/** Reasons by the name of the test. */
export const NODE_DIFFERENCES: Readonly<Record<string, string>> = {
  averagepool_2d_ceil_last_window_starts_on_pad: "expected values are rounded to four digits",
  cast_BFLOAT16_to_FLOAT: "inputs of bfloat16 are stored as uint16",
  castlike_BFLOAT16_to_FLOAT: "inputs of bfloat16 are stored as uint16",
  castlike_BFLOAT16_to_FLOAT_expanded: "inputs of bfloat16 are stored as uint16",
  resize_downsample_scales_linear_align_corners:
    "corners are aligned with a fractional length, which neither torch nor onnxruntime does",
};
