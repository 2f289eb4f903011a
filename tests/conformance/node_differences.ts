/**
 * Node tests whose expected values Octet does not give, with the reason. They
 * are neither wrong nor passed.
 *
 * @module
 */

/** Tests of Attention over values of three dimensions, as ONNX 1.18 has them. */
const UNTURNED_HEADS = [
  "attention_3d",
  "attention_3d_attn_mask",
  "attention_3d_causal",
  "attention_3d_diff_heads_sizes",
  "attention_3d_diff_heads_sizes_attn_mask",
  "attention_3d_diff_heads_sizes_causal",
  "attention_3d_diff_heads_sizes_scaled",
  "attention_3d_diff_heads_sizes_softcap",
  "attention_3d_diff_heads_with_past_and_present",
  "attention_3d_gqa",
  "attention_3d_gqa_attn_mask",
  "attention_3d_gqa_causal",
  "attention_3d_gqa_scaled",
  "attention_3d_gqa_softcap",
  "attention_3d_gqa_with_past_and_present",
  "attention_3d_scaled",
  "attention_3d_softcap",
  "attention_3d_with_past_and_present",
  "attention_3d_with_past_and_present_qk_matmul",
  "attention_3d_with_past_and_present_qk_matmul_bias",
  "attention_3d_with_past_and_present_qk_matmul_softcap",
  "attention_3d_with_past_and_present_qk_matmul_softmax",
];

/** Tests of Attention whose heads share keys, as ONNX 1.18 has them. */
const ALTERNATING_HEADS = [
  "attention_4d_gqa",
  "attention_4d_gqa_attn_mask",
  "attention_4d_gqa_causal",
  "attention_4d_gqa_scaled",
  "attention_4d_gqa_softcap",
  "attention_4d_gqa_with_past_and_present",
];

/** Reasons by the name of the test. */
export const NODE_DIFFERENCES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    UNTURNED_HEADS.map((
      name,
    ) => [name, "ONNX 1.18 splits heads without turning them, onnxruntime turns them"]),
  ),
  ...Object.fromEntries(
    ALTERNATING_HEADS.map((name) => [name, "ONNX 1.18 shares keys among heads in turns, onnxruntime among neighbours"]),
  ),
  averagepool_2d_ceil_last_window_starts_on_pad: "expected values are rounded to four digits",
  cast_BFLOAT16_to_FLOAT: "inputs of bfloat16 are stored as uint16",
  castlike_BFLOAT16_to_FLOAT: "inputs of bfloat16 are stored as uint16",
  castlike_BFLOAT16_to_FLOAT_expanded: "inputs of bfloat16 are stored as uint16",
  resize_downsample_scales_linear_align_corners:
    "corners are aligned with a fractional length, which neither torch nor onnxruntime does",
};
