//! Rows of activations times packed weights, eight output channels at a time.

use crate::epilogue::Epilogue;
use crate::vector::{load, splat_word};
use core::arch::wasm32::*;

/// Rows and packed weights of one group, and where their results go.
pub struct Product<'a> {
    /// First row; `row_bytes` to the next one.
    pub input: *const u8,
    pub row_bytes: usize,
    pub rows: usize,
    /// Length of the reduced dimension.
    pub depth: usize,
    pub weights: *const u8,
    /// Addresses of the group's first channel.
    pub bias: *const u8,
    pub multiplier: *const f32,
    pub slopes: *const f32,
    pub channels: usize,
    /// First result; `output_bytes` to the next row.
    pub output: *mut u8,
    pub output_bytes: usize,
    pub epilogue: &'a Epilogue,
}

/// Arithmetic of one element type.
pub trait Element {
    /// Bytes of an activation.
    const SIZE: usize;
    /// Bytes of the weights of eight channels.
    fn panel_bytes(depth: usize) -> usize;
    /// R rows times one panel.
    unsafe fn tile<const R: usize>(
        rows: *const u8,
        row_bytes: usize,
        weights: *const u8,
        depth: usize,
        bias: *const u8,
    ) -> [[v128; 2]; R];
    /// Results of a tile as f32 before the activation.
    unsafe fn scale(sums: [v128; 2], multiplier: *const f32) -> [v128; 2];
}

/// Unsigned 8-bit activations, signed 8-bit weights.
pub struct U8;

/// f32 activations and weights.
pub struct F32;

/// Computes a whole product.
#[inline(never)]
pub unsafe fn multiply<E: Element>(p: &Product) {
    let mut channel = 0;
    let mut weights = p.weights;
    while channel < p.channels {
        let mut row = 0;
        while row + 4 <= p.rows {
            finish::<E, 4>(p, weights, channel, row);
            row += 4;
        }
        match p.rows - row {
            3 => finish::<E, 3>(p, weights, channel, row),
            2 => finish::<E, 2>(p, weights, channel, row),
            1 => finish::<E, 1>(p, weights, channel, row),
            _ => {}
        }
        weights = weights.add(E::panel_bytes(p.depth));
        channel += 8;
    }
}

/// One tile from bias to results; a function of its own, which engines optimise within a run.
#[inline(never)]
unsafe fn finish<E: Element, const R: usize>(p: &Product, weights: *const u8, channel: usize, row: usize) {
    let sums = E::tile::<R>(
        p.input.add(row * p.row_bytes),
        p.row_bytes,
        weights,
        p.depth,
        p.bias.add(channel * 4),
    );
    // Read anew for each tile: constants kept in registers would displace sums in the loop over the depth.
    let epilogue = core::hint::black_box(p.epilogue);
    let count = (p.channels - channel).min(8);
    let mut output = p.output.add(row * p.output_bytes + channel * epilogue.size());
    for pair in sums {
        let v = E::scale(pair, p.multiplier.wrapping_add(channel));
        epilogue.store8(v, p.slopes.wrapping_add(channel), output, count);
        output = output.add(p.output_bytes);
    }
}

impl Element for U8 {
    const SIZE: usize = 1;

    #[inline(always)]
    fn panel_bytes(depth: usize) -> usize {
        depth.div_ceil(4) * 32
    }

    #[inline(always)]
    unsafe fn scale(sums: [v128; 2], multiplier: *const f32) -> [v128; 2] {
        let m = multiplier as *const u8;
        [
            f32x4_mul(f32x4_convert_i32x4(sums[0]), load(m)),
            f32x4_mul(f32x4_convert_i32x4(sums[1]), load(m.add(16))),
        ]
    }

    #[cfg(target_feature = "relaxed-simd")]
    #[inline(always)]
    unsafe fn tile<const R: usize>(
        rows: *const u8,
        row_bytes: usize,
        weights: *const u8,
        depth: usize,
        bias: *const u8,
    ) -> [[v128; 2]; R] {
        let mut sums = [[load(bias), load(bias.add(16))]; R];
        let steps = depth.div_ceil(4);
        let (mut x, mut w) = (rows, weights);
        let mut step = 0;
        if R == 1 {
            // One row alone waits for its own sums: four chains hide the latency.
            let zero = i32x4_splat(0);
            let mut more = [[zero; 2]; 3];
            while step + 4 <= steps {
                sums[0] = dot(w, x, sums[0]);
                for (i, chain) in more.iter_mut().enumerate() {
                    *chain = dot(w.add(32 * i + 32), x.add(4 * i + 4), *chain);
                }
                x = x.add(16);
                w = w.add(128);
                step += 4;
            }
            for chain in more {
                sums[0] = [i32x4_add(sums[0][0], chain[0]), i32x4_add(sums[0][1], chain[1])];
            }
        }
        while step < steps {
            for (r, pair) in sums.iter_mut().enumerate() {
                *pair = dot(w, x.add(r * row_bytes), *pair);
            }
            x = x.add(4);
            w = w.add(32);
            step += 1;
        }
        sums
    }

    #[cfg(not(target_feature = "relaxed-simd"))]
    #[inline(always)]
    unsafe fn tile<const R: usize>(
        rows: *const u8,
        row_bytes: usize,
        weights: *const u8,
        depth: usize,
        bias: *const u8,
    ) -> [[v128; 2]; R] {
        let bias = [load(bias), load(bias.add(16))];
        let mut result = [bias; R];
        let mut row = 0;
        while row + 2 <= R {
            let pair = halves::<2>(rows.add(row * row_bytes), row_bytes, weights, depth);
            result[row] = join(pair[0], bias);
            result[row + 1] = join(pair[1], bias);
            row += 2;
        }
        if row < R {
            let single = halves::<1>(rows.add(row * row_bytes), row_bytes, weights, depth);
            result[row] = join(single[0], bias);
        }
        result
    }
}

#[cfg(target_feature = "relaxed-simd")]
#[inline(always)]
unsafe fn dot(weights: *const u8, activations: *const u8, sums: [v128; 2]) -> [v128; 2] {
    let x = splat_word(activations);
    [
        i32x4_relaxed_dot_i8x16_i7x16_add(load(weights), x, sums[0]),
        i32x4_relaxed_dot_i8x16_i7x16_add(load(weights.add(16)), x, sums[1]),
    ]
}

/// Sums of R rows in four vectors: channel 2 i + j has its even and odd pairs
/// in lanes 2 j and 2 j + 1 of vector i.
#[cfg(not(target_feature = "relaxed-simd"))]
#[inline(always)]
unsafe fn halves<const R: usize>(
    rows: *const u8,
    row_bytes: usize,
    weights: *const u8,
    depth: usize,
) -> [[v128; 4]; R] {
    let mut sums = [[i32x4_splat(0); 4]; R];
    let (mut x, mut w) = (rows, weights as *const i8);
    for _ in 0..depth.div_ceil(4) {
        let panel = [
            i16x8_load_extend_i8x8(w),
            i16x8_load_extend_i8x8(w.add(8)),
            i16x8_load_extend_i8x8(w.add(16)),
            i16x8_load_extend_i8x8(w.add(24)),
        ];
        for (r, row) in sums.iter_mut().enumerate() {
            let activations = u16x8_extend_low_u8x16(splat_word(x.add(r * row_bytes)));
            for (sum, weight) in row.iter_mut().zip(panel) {
                *sum = i32x4_add(*sum, i32x4_dot_i16x8(weight, activations));
            }
        }
        x = x.add(4);
        w = w.add(32);
    }
    sums
}

#[cfg(not(target_feature = "relaxed-simd"))]
#[inline(always)]
fn join(sums: [v128; 4], bias: [v128; 2]) -> [v128; 2] {
    let pairs = |a, b| i32x4_add(i32x4_shuffle::<0, 2, 4, 6>(a, b), i32x4_shuffle::<1, 3, 5, 7>(a, b));
    [
        i32x4_add(bias[0], pairs(sums[0], sums[1])),
        i32x4_add(bias[1], pairs(sums[2], sums[3])),
    ]
}

impl Element for F32 {
    const SIZE: usize = 4;

    #[inline(always)]
    fn panel_bytes(depth: usize) -> usize {
        depth * 32
    }

    #[inline(always)]
    unsafe fn scale(sums: [v128; 2], _multiplier: *const f32) -> [v128; 2] {
        sums
    }

    #[inline(always)]
    unsafe fn tile<const R: usize>(
        rows: *const u8,
        row_bytes: usize,
        weights: *const u8,
        depth: usize,
        bias: *const u8,
    ) -> [[v128; 2]; R] {
        let mut sums = [[load(bias), load(bias.add(16))]; R];
        let (mut x, mut w) = (rows, weights);
        for _ in 0..depth {
            let (left, right) = (load(w), load(w.add(16)));
            for (r, pair) in sums.iter_mut().enumerate() {
                let value = splat_word(x.add(r * row_bytes));
                pair[0] = f32x4_add(pair[0], f32x4_mul(value, left));
                pair[1] = f32x4_add(pair[1], f32x4_mul(value, right));
            }
            x = x.add(4);
            w = w.add(32);
        }
        sums
    }
}
