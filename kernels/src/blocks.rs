//! Parameter blocks: written by `generate_blocks.ts` from `blocks.ts`.

/// An activation function.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ActivationWords {
    /// Which function, by the activation codes above.
    pub code: u32,
    /// Its first parameter.
    pub a: f32,
    /// Its second parameter.
    pub b: f32,
}

/// What makes a stored result of a scaled sum.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct EpilogueWords {
    /// Zero point of a u8 result.
    pub zero_point: i32,
    /// Least u8 result.
    pub low: i32,
    /// Greatest u8 result.
    pub high: i32,
    /// Activation function.
    pub activation: ActivationWords,
    /// Factor between the activation and a u8 result, above 0.
    pub scale: f32,
}

/// Dimensions of a contiguous result, and the strides of both operands in elements.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct BroadcastWords {
    /// Dimensions of the result.
    pub dimensions: [usize; 4],
    /// Strides of the first operand: 0 where broadcast, the last 0 or 1.
    pub a: [usize; 4],
    /// Strides of the second operand alike.
    pub b: [usize; 4],
}

/// The two input rows or columns of an output row or column.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SourceWords {
    /// Index of the first one.
    pub first: i32,
    /// Index of the second one.
    pub second: i32,
    /// Weight of the second one, 0 to 1.
    pub weight: f32,
}

/// Parameter block of convolution_u8, convolution_f32, depthwise_u8, depthwise_f32, prepare_convolution_u8, prepare_depthwise_u8.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ConvolutionBlock {
    /// Input.
    pub input: *const u8,
    /// Packed weights.
    pub weights: *const u8,
    /// Bias [outputChannels], i32 or f32.
    pub bias: *const u8,
    /// Multipliers [outputChannels]; 0 in the f32 kernels.
    pub multiplier: *const f32,
    /// Slopes [outputChannels] of a prelu, else 0.
    pub slopes: *const f32,
    /// Output.
    pub output: *mut u8,
    /// Scratch memory, a multiple of 16.
    pub scratch: *mut u8,
    /// Dimensions of the input.
    pub batch: usize,
    pub input_height: usize,
    pub input_width: usize,
    pub input_channels: usize,
    /// Output rows.
    pub output_height: usize,
    /// Output columns.
    pub output_width: usize,
    /// Output channels.
    pub output_channels: usize,
    /// Rows and columns of the kernel.
    pub kernel_height: usize,
    pub kernel_width: usize,
    /// Input rows and columns from one output position to the next.
    pub stride_height: usize,
    pub stride_width: usize,
    /// Input rows and columns from one tap to the next.
    pub dilation_height: usize,
    pub dilation_width: usize,
    /// Padded rows above and columns to the left.
    pub pad_top: usize,
    pub pad_left: usize,
    /// Groups of channels.
    pub groups: usize,
    /// Zero point of a u8 input.
    pub input_zero_point: i32,
    /// Output of a u8 kernel: 0 u8, 1 f32.
    pub output_type: u32,
    /// The epilogue; the f32 kernels use its activation alone.
    pub epilogue: EpilogueWords,
}

/// Parameter block of convolution_sum_u8, prepare_convolution_sum_u8.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ConvolutionSumBlock {
    /// A sum of the convolution's output and another tensor, without broadcasts.
    pub sum: BinaryU8Block,
    /// The convolution.
    pub convolution: ConvolutionBlock,
}

/// Parameter block of quantize.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct QuantizeBlock {
    /// Input.
    pub input: *const f32,
    /// Output.
    pub output: *mut u8,
    /// Dimensions of the output.
    pub batch: usize,
    pub pixels: usize,
    pub channels: usize,
    /// 1 where the input is [batch][channels][pixels], else 0.
    pub transposed: u32,
    /// 1 / scale of the output.
    pub inverse_scale: f32,
    /// Zero point of the output.
    pub zero_point: i32,
}

/// Parameter block of dequantize.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct DequantizeBlock {
    /// Input.
    pub input: *const u8,
    /// Output.
    pub output: *mut f32,
    /// Elements.
    pub count: usize,
    /// Scale of the input.
    pub scale: f32,
    /// Zero point of the input.
    pub zero_point: i32,
}

/// Parameter block of lookup.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct LookupBlock {
    /// Input.
    pub input: *const u8,
    /// Output.
    pub output: *mut u8,
    /// Table of 256 u8.
    pub table: *const u8,
    /// Elements.
    pub count: usize,
}

/// Parameter block of activation_f32.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ActivateBlock {
    /// Input.
    pub input: *const f32,
    /// Output, which may be the input.
    pub output: *mut f32,
    /// Elements, a multiple of the channels.
    pub count: usize,
    /// Channels.
    pub channels: usize,
    /// Activation function.
    pub activation: ActivationWords,
    /// Slopes [channels] of a prelu, else 0.
    pub slopes: *const f32,
}

/// Parameter block of binary_u8.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct BinaryU8Block {
    /// First operand.
    pub a: *const u8,
    /// Second operand.
    pub b: *const u8,
    /// Result, contiguous.
    pub output: *mut u8,
    /// Dimensions and strides.
    pub shape: BroadcastWords,
    /// 0 add, 1 multiply.
    pub operation: u32,
    /// Zero point of the first operand.
    pub a_zero_point: i32,
    /// Zero point of the second operand.
    pub b_zero_point: i32,
    /// Factors of the operands; of a product the first.
    pub a_scale: f32,
    pub b_scale: f32,
    /// The epilogue, from the activation on.
    pub epilogue: EpilogueWords,
}

/// Parameter block of binary_f32.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct BinaryF32Block {
    /// First operand.
    pub a: *const f32,
    /// Second operand.
    pub b: *const f32,
    /// Result, contiguous.
    pub output: *mut f32,
    /// Dimensions and strides.
    pub shape: BroadcastWords,
    /// The operation, by the codes above.
    pub operation: u32,
    /// Activation function, not a prelu.
    pub activation: ActivationWords,
}

/// Parameter block of select_f32.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SelectBlock {
    /// Condition.
    pub condition: *const f32,
    /// Taken where the condition is not 0.
    pub a: *const f32,
    /// Taken where the condition is 0.
    pub b: *const f32,
    /// Result, contiguous.
    pub output: *mut f32,
    /// Dimensions of the result.
    pub dimensions: [usize; 4],
    /// Strides of the condition as those of a sum.
    pub condition_strides: [usize; 4],
    /// Strides of the first operand alike.
    pub a_strides: [usize; 4],
    /// Strides of the second operand alike.
    pub b_strides: [usize; 4],
}

/// Parameter block of reduce_f32.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ReduceBlock {
    /// Input.
    pub input: *const f32,
    /// Output [outer][inner].
    pub output: *mut f32,
    /// Dimensions of the input: elements before, in and after what is reduced.
    pub outer: usize,
    pub length: usize,
    pub inner: usize,
    /// The reduction, by the codes above.
    pub function: u32,
}

/// Parameter block of gather_f32.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct GatherBlock {
    /// Rows [outer][length][inner].
    pub input: *const f32,
    /// Indices of rows [count], or [outer][count] where batched.
    pub indices: *const f32,
    /// Output [outer][count][inner].
    pub output: *mut f32,
    /// Dimensions.
    pub outer: usize,
    pub length: usize,
    pub count: usize,
    pub inner: usize,
    /// 1 where each of the outer positions has indices of its own, else 0.
    pub batched: u32,
}

/// Parameter block of cumulative_sum_f32.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct CumulativeSumBlock {
    /// Input.
    pub input: *const f32,
    /// Output.
    pub output: *mut f32,
    /// Elements before, in and after the dimension that sums run along.
    pub outer: usize,
    pub length: usize,
    pub inner: usize,
    /// 1 where an element is not in its own sum, else 0.
    pub exclusive: u32,
    /// 1 where sums run from the end, else 0.
    pub reverse: u32,
}

/// Parameter block of top_indices_f32.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct TopIndicesBlock {
    /// Input [rows][length].
    pub input: *const f32,
    /// Indices [rows][count].
    pub output: *mut f32,
    /// Dimensions.
    pub rows: usize,
    pub length: usize,
    pub count: usize,
    /// 1 where the least numbers are sought, else 0.
    pub smallest: u32,
}

/// Parameter block of max_pool_u8, max_pool_f32, average_pool_u8, average_pool_f32.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct PoolBlock {
    /// Input.
    pub input: *const u8,
    /// Output.
    pub output: *mut u8,
    /// Dimensions of the input.
    pub batch: usize,
    pub input_height: usize,
    pub input_width: usize,
    pub channels: usize,
    /// Output rows.
    pub output_height: usize,
    /// Output columns.
    pub output_width: usize,
    /// Rows and columns of the kernel.
    pub kernel_height: usize,
    pub kernel_width: usize,
    /// Input rows and columns from one output position to the next.
    pub stride_height: usize,
    pub stride_width: usize,
    /// Input rows and columns from one tap to the next.
    pub dilation_height: usize,
    pub dilation_width: usize,
    /// Padded rows and columns.
    pub pad_top: usize,
    pub pad_left: usize,
    pub pad_bottom: usize,
    pub pad_right: usize,
    /// 1 where an average counts padded positions, else 0.
    pub count_include_pad: u32,
    /// Zero point of a u8 input.
    pub input_zero_point: i32,
    /// Zero point of a u8 output.
    pub output_zero_point: i32,
    /// Scale of a u8 input over that of the output.
    pub scale: f32,
}

/// Parameter block of softmax_f32.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SoftmaxBlock {
    /// Input.
    pub input: *const f32,
    /// Output.
    pub output: *mut f32,
    /// Rows, and elements of each.
    pub rows: usize,
    pub columns: usize,
}

/// Parameter block of layer_normalization_f32.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct LayerNormalizationBlock {
    /// Input.
    pub input: *const f32,
    /// Output, which may be the input.
    pub output: *mut f32,
    /// Factors [length], or 0.
    pub scale: *const f32,
    /// Addends [length], or 0.
    pub bias: *const f32,
    /// Rows, and elements of each.
    pub rows: usize,
    pub length: usize,
    /// What is added to the variance, at least 0.
    pub epsilon: f32,
}

/// Parameter block of matmul_f32.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct MatmulBlock {
    /// Left matrices [m][k].
    pub a: *const f32,
    /// Right matrices [k][n].
    pub b: *const f32,
    /// Products [batch][m][n].
    pub output: *mut f32,
    /// Dimensions.
    pub batch: usize,
    pub m: usize,
    pub k: usize,
    pub n: usize,
    /// Elements from one left and one right matrix to the next; 0 where one serves the whole batch.
    pub a_batch_stride: usize,
    pub b_batch_stride: usize,
}

/// Parameter block of resize_u8, resize_f32.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ResizeBlock {
    /// Input.
    pub input: *const u8,
    /// Output.
    pub output: *mut u8,
    /// Dimensions of the input.
    pub batch: usize,
    pub input_height: usize,
    pub input_width: usize,
    pub channels: usize,
    /// Output rows.
    pub output_height: usize,
    /// Output columns.
    pub output_width: usize,
    /// Sources of the output rows.
    pub row_table: *const SourceWords,
    /// Sources of the output columns.
    pub column_table: *const SourceWords,
    /// 0 nearest, 1 linear.
    pub linear: u32,
}

/// Parameter block of copy_8, copy_32.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct CopyBlock {
    /// Input.
    pub input: *const u8,
    /// Output.
    pub output: *mut u8,
    /// First element of the input.
    pub input_offset: i32,
    /// First element of the output.
    pub output_offset: i32,
    /// Elements along each axis.
    pub dimensions: [i32; 6],
    /// Strides of the input in elements; may be negative.
    pub input_strides: [i32; 6],
    /// Strides of the output alike.
    pub output_strides: [i32; 6],
}

/// Parameter block of fill_8, fill_32.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct FillBlock {
    /// Output.
    pub output: *mut u8,
    /// Elements.
    pub count: usize,
    /// The bits of an element.
    pub value: u32,
}

/// Parameter block of constant_8, constant_32.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ConstantBlock {
    /// The constant.
    pub input: *const u8,
    /// Output.
    pub output: *mut u8,
    /// Elements.
    pub count: usize,
}
