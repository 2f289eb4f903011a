//! Convolution and fully connected layers.

use crate::activation::Activation;
use crate::binary::{BinaryU8Block, PiecewiseSum};
use crate::convolution_lines::{find_lines, gather_lines, point, Inputs, Layout, Scratch};
use crate::epilogue::{fill_many_over, Epilogue, Quantization};
use crate::gemm::{multiply, tiles, Lines, Product, Tile, Tiles};
use crate::gemm_f32::{self, F32};
#[cfg(target_feature = "relaxed-simd")]
use crate::gemm_relaxed::{TILE, U8};
use crate::gemm_row::multiply_rows;
#[cfg(not(target_feature = "relaxed-simd"))]
use crate::gemm_widened::{widen_activations, Wide, TILE, U8};
use crate::vector::flip;
use core::arch::wasm32::*;

/// Most output positions that are computed at once.
pub const ROWS: usize = 128;

#[repr(C)]
pub struct ConvolutionBlock {
    pub input: *const u8,
    pub weights: *const u8,
    pub bias: *const u8,
    pub multiplier: *const f32,
    pub slopes: *const f32,
    pub output: *mut u8,
    pub scratch: *mut u8,
    pub batch: usize,
    pub input_height: usize,
    pub input_width: usize,
    pub input_channels: usize,
    pub output_height: usize,
    pub output_width: usize,
    pub output_channels: usize,
    pub kernel_height: usize,
    pub kernel_width: usize,
    pub stride_height: usize,
    pub stride_width: usize,
    pub dilation_height: usize,
    pub dilation_width: usize,
    pub pad_top: usize,
    pub pad_left: usize,
    pub groups: usize,
    pub input_zero_point: i32,
    pub output_type: u32,
    pub output_zero_point: i32,
    pub clamp_low: i32,
    pub clamp_high: i32,
    pub activation: u32,
    pub activation_a: f32,
    pub activation_b: f32,
    pub output_scale: f32,
}

impl ConvolutionBlock {
    /// What follows the sums; an f32 kernel always stores f32.
    #[inline(always)]
    pub fn epilogue(&self, floats: bool) -> Epilogue {
        let activation = Activation {
            code: self.activation,
            a: self.activation_a,
            b: self.activation_b,
        };
        if floats {
            return Epilogue::floats(activation);
        }
        let quantization = Quantization {
            low: self.clamp_low,
            high: self.clamp_high,
            zero_point: self.output_zero_point,
            scale: self.output_scale,
        };
        Epilogue::bytes(activation, quantization)
    }

    /// Row and column of the input under tap (ky, kx), if not padding.
    #[inline(always)]
    pub fn source(&self, place: Place, ky: usize, kx: usize) -> Option<usize> {
        let y = (place.y * self.stride_height + ky * self.dilation_height).wrapping_sub(self.pad_top);
        let x = (place.x * self.stride_width + kx * self.dilation_width).wrapping_sub(self.pad_left);
        if y < self.input_height && x < self.input_width {
            Some((place.image * self.input_height + y) * self.input_width + x)
        } else {
            None
        }
    }

    /// The row of all images' rows under row `ky` of the kernel, or the next one inside the image.
    #[cfg(not(target_feature = "relaxed-simd"))]
    #[inline(always)]
    fn first_row(&self, place: Place, ky: usize) -> usize {
        let y = (place.y * self.stride_height + ky * self.dilation_height).saturating_sub(self.pad_top);
        place.image * self.input_height + y.min(self.input_height - 1)
    }

    /// Number of output positions.
    #[inline(always)]
    fn positions(&self) -> usize {
        self.batch * self.output_height * self.output_width
    }

    /// Whether every output position reads exactly the input position under it.
    #[inline(always)]
    fn is_pointwise(&self) -> bool {
        self.kernel_height == 1
            && self.kernel_width == 1
            && self.stride_height == 1
            && self.stride_width == 1
            && self.pad_top == 0
            && self.pad_left == 0
            && self.output_height == self.input_height
            && self.output_width == self.input_width
    }
}

/// An output position.
#[derive(Clone, Copy)]
pub struct Place {
    pub image: usize,
    pub y: usize,
    pub x: usize,
}

impl Place {
    /// The place of the output position `index`.
    #[inline(always)]
    fn of(block: &ConvolutionBlock, index: usize) -> Self {
        let row = index.checked_div(block.output_width).unwrap_or(0);
        let image = row.checked_div(block.output_height).unwrap_or(0);
        Place {
            image,
            y: row - image * block.output_height,
            x: index - row * block.output_width,
        }
    }

    #[inline(always)]
    pub fn advance(&mut self, block: &ConvolutionBlock) {
        self.x += 1;
        if self.x == block.output_width {
            self.x = 0;
            self.y += 1;
            if self.y == block.output_height {
                self.y = 0;
                self.image += 1;
            }
        }
    }
}

#[no_mangle]
unsafe extern "C" fn convolution_u8(block: &ConvolutionBlock) {
    convolve_u8(block, None);
}

#[repr(C)]
struct ConvolutionSumBlock {
    convolution: *const ConvolutionBlock,
    sum: *const BinaryU8Block,
}

/// A convolution and the sum of its output with another tensor, added while the output is in the cache.
#[no_mangle]
unsafe extern "C" fn convolution_sum_u8(block: &ConvolutionSumBlock) {
    convolve_u8(&*block.convolution, Some(PiecewiseSum::new(&*block.sum)));
}

#[inline(never)]
unsafe fn convolve_u8(block: &ConvolutionBlock, sum: Option<PiecewiseSum>) {
    let epilogue = block.epilogue(block.output_type == 1);
    #[cfg_attr(target_feature = "relaxed-simd", allow(unused_mut))]
    let mut kind = Kind {
        size: 1,
        fours: true,
        panel_bytes: <U8 as Tile<1>>::panel_bytes,
        tile: 1,
        multiply: [multiply::<U8, 1, false>; 2],
        single: None,
        repeats: repeats(block),
        padding: v128_xor(u8x16_splat(block.input_zero_point as u8), flip()),
    };
    // After tiles, the code for rows that they leave over is at hand: other code would have to be optimised first.
    #[cfg(target_feature = "relaxed-simd")]
    let [after_tiles, _] = SEEN;
    #[cfg(target_feature = "relaxed-simd")]
    if !after_tiles {
        kind.multiply = [multiply_rows::<U8>; 2];
    }
    if block.positions() >= TILE || kind.repeats {
        kind.tile = TILE;
        #[cfg(target_feature = "relaxed-simd")]
        {
            kind.multiply = [multiply::<U8, TILE, false>, multiply::<U8, TILE, true>];
            kind.single = Some(tiles::<U8, 1, false>);
        }
        #[cfg(not(target_feature = "relaxed-simd"))]
        {
            kind.size = 2;
            kind.multiply = [multiply::<Wide, TILE, false>, multiply::<Wide, TILE, true>];
            kind.padding = u16x8_extend_low_u8x16(kind.padding);
        }
    }
    run(block, &epilogue, &kind, sum);
}

#[no_mangle]
unsafe extern "C" fn convolution_f32(block: &ConvolutionBlock) {
    let mut kind = Kind {
        size: 4,
        fours: false,
        panel_bytes: <F32 as Tile<1>>::panel_bytes,
        tile: 1,
        multiply: [multiply_rows::<F32>; 2],
        single: None,
        repeats: false,
        padding: f32x4_splat(0.0),
    };
    if block.positions() >= gemm_f32::TILE {
        kind.tile = gemm_f32::TILE;
        kind.multiply = [
            multiply::<F32, { gemm_f32::TILE }, false>,
            multiply::<F32, { gemm_f32::TILE }, true>,
        ];
        kind.single = Some(tiles::<F32, 1, false>);
    }
    run(block, &block.epilogue(true), &kind, None);
}

type Multiply = unsafe fn(&Product);

/// How products are computed.
struct Kind {
    /// Bytes of an input element when it is multiplied: u8 elements that are to be widened have 2.
    size: usize,
    /// Whether elements of a line are multiplied in fours.
    fours: bool,
    /// Bytes of the weights of eight channels.
    panel_bytes: fn(usize) -> usize,
    /// Rows that are computed at once.
    tile: usize,
    /// Products of rows in general, and of those whose lines are even.
    multiply: [Multiply; 2],
    /// Computes single rows that are left over.
    single: Option<Tiles>,
    /// Whether the only row is computed as all rows of a tile.
    repeats: bool,
    /// Elements of padding.
    padding: v128,
}

/// Whether products of whole tiles, and of fewer rows, were computed before.
static mut SEEN: [bool; 2] = [false; 2];

/// Whether the only row of a product is computed as all rows of a tile. Once
/// that is faster: engines have optimised the code of tiles, but not that of
/// single rows.
unsafe fn repeats(block: &ConvolutionBlock) -> bool {
    let positions = block.positions();
    let [tiles, few] = SEEN;
    if positions >= TILE {
        SEEN = [true, few];
        return false;
    }
    SEEN = [tiles, true];
    tiles && !few && positions == 1 && block.is_pointwise()
}

#[inline(never)]
unsafe fn run(block: &ConvolutionBlock, epilogue: &Epilogue, kind: &Kind, sum: Option<PiecewiseSum>) {
    // A division that could panic would bring the panic machinery into the module.
    let channels = block.output_channels.checked_div(block.groups).unwrap_or(0);
    let group_inputs = block.input_channels.checked_div(block.groups).unwrap_or(0);
    let taps = block.kernel_height * block.kernel_width;
    let depth = taps * group_inputs;
    let output_bytes = block.output_channels * epilogue.size();
    let panels = channels.div_ceil(8);
    let total = block.positions();
    let pointwise = block.is_pointwise();
    let joined = block.groups == 1 && block.dilation_width == 1;
    let per_row = if joined { 1 } else { block.kernel_width };
    let run = if joined {
        block.kernel_width * group_inputs
    } else {
        group_inputs
    };
    let count = block.kernel_height * per_row;
    // Of rows and results that follow each other.
    let distance = !kind.repeats as usize;
    let layout = Layout {
        joined,
        per_row,
        line_bytes: run * kind.size,
        whole: kind.fours && count > 1 && run % 4 != 0,
    };
    let (count, run) = if layout.whole { (1, depth) } else { (count, run) };
    let run = if kind.fours { run.div_ceil(4) * 4 } else { run };
    #[cfg_attr(target_feature = "relaxed-simd", allow(unused_mut))]
    let mut inputs = Inputs {
        from: block.input,
        pixel_bytes: block.input_channels * kind.size,
        group_bytes: group_inputs * kind.size,
    };
    let lines = block.scratch as *mut *const u8;
    let padding = lines.add(taps * ROWS) as *mut u8;
    let padding_bytes = block.kernel_width * inputs.pixel_bytes;
    let panel = padding.add(padding_bytes.div_ceil(16) * 16 + 16);
    let row_bytes = depth.div_ceil(16) * 16 * kind.size;
    let scratch = Scratch {
        lines,
        padding,
        gathered: panel.add(depth.div_ceil(4) * 64),
        row_bytes,
    };
    fill_many_over(scratch.padding, kind.padding, padding_bytes);
    // Blocks of about the same size, whole tiles but for the last.
    let blocks = total.div_ceil(ROWS);
    let most = ROWS.checked_div(kind.tile).unwrap_or(0);
    let block_tiles = total.checked_div(blocks * kind.tile).unwrap_or(0) + 1;
    let block_rows = block_tiles.min(most) * kind.tile;
    let mut first = 0;
    while first < total {
        let left = total - first;
        let mut rows = left.min(block_rows);
        if left > rows && left - rows < kind.tile {
            // What is left then makes a whole tile too.
            rows -= kind.tile;
        }
        let place = Place::of(block, first);
        #[cfg(not(target_feature = "relaxed-simd"))]
        if kind.size == 2 {
            let pixels = if pointwise {
                first..first + rows
            } else {
                let last = Place::of(block, first + rows - 1);
                block.first_row(place, 0) * block.input_width
                    ..(block.first_row(last, block.kernel_height - 1) + 1) * block.input_width
            };
            let wide = scratch.gathered.add(ROWS * row_bytes + 16);
            let bytes = block.input_channels * pixels.start;
            widen_activations(block.input.add(bytes), wide, block.input_channels * pixels.len());
            inputs.from = wide.wrapping_sub(bytes * 2);
        }
        if pointwise {
            point(
                lines,
                inputs.from.wrapping_add(first * inputs.pixel_bytes),
                inputs.pixel_bytes,
                rows,
                TILE,
            );
        } else if !layout.whole {
            find_lines(block, place, rows, &inputs, &layout, &scratch, kind.padding);
        }
        let even = pointwise || layout.whole;
        let multiply = kind.multiply[even as usize];
        for group in 0..block.groups {
            let channel = group * channels;
            let mut offset = group * inputs.group_bytes;
            if layout.whole {
                gather_lines(block, place, rows, &inputs, offset, &scratch, kind.padding);
                offset = 0;
            }
            multiply(&Product {
                lines: Lines {
                    addresses: lines,
                    count,
                    stride: ROWS,
                    run,
                    row_bytes: distance * if pointwise { inputs.pixel_bytes } else { row_bytes },
                },
                offset,
                rows: if kind.repeats { kind.tile } else { rows },
                depth,
                weights: block.weights.add(group * panels * (kind.panel_bytes)(depth)),
                panel,
                bias: block.bias.add(channel * 4),
                multiplier: block.multiplier.wrapping_add(channel),
                slopes: block.slopes.wrapping_add(channel),
                channels,
                output: block.output.add(first * output_bytes + channel * epilogue.size()),
                output_bytes: distance * output_bytes,
                epilogue,
                single: kind.single,
            });
        }
        if let Some(sum) = &sum {
            sum.add(first * block.output_channels, rows * block.output_channels);
        }
        first += rows;
    }
}
