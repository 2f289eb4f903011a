//! Rows of activations times packed weights, eight output channels at a time.

use crate::epilogue::Epilogue;
#[cfg(not(target_feature = "relaxed-simd"))]
use crate::vector::store;
use crate::vector::{finite, load, splat_word, Rounding};
use core::arch::wasm32::*;

/// Rows that are computed at once.
pub const TILE: usize = 4;

/// Where the inputs of rows lie: a row is made of lines, runs of elements that
/// follow each other in memory.
pub struct Lines {
    /// [line][row] addresses; the last row is repeated up to a multiple of `TILE`.
    pub addresses: *const *const u8,
    pub count: usize,
    /// Addresses from one line to the next.
    pub stride: usize,
    /// Elements of a line.
    pub run: usize,
}

impl Lines {
    /// Addresses of R rows of a line.
    #[inline(always)]
    unsafe fn rows<const R: usize>(&self, line: usize, row: usize, offset: usize) -> [*const u8; R] {
        let addresses = self.addresses.add(line * self.stride + row);
        core::array::from_fn(|r| (*addresses.add(r)).add(offset))
    }
}

/// Rows and packed weights of one group, and where their results go.
pub struct Product<'a> {
    pub lines: Lines,
    /// Bytes from a line's address to the group's first channel.
    pub offset: usize,
    pub rows: usize,
    /// Length of the reduced dimension.
    pub depth: usize,
    pub weights: *const u8,
    /// Memory for one panel of weights in the order of the host.
    pub panel: *mut u8,
    /// Addresses of the group's first channel.
    pub bias: *const u8,
    pub multiplier: *const f32,
    pub slopes: *const f32,
    pub channels: usize,
    /// First result; `output_bytes` to the next row.
    pub output: *mut u8,
    pub output_bytes: usize,
    pub epilogue: &'a Epilogue,
    /// The epilogue where it is a rounding alone.
    pub rounding: Option<Rounding>,
}

/// The weights and constants of eight channels.
pub struct Panel {
    weights: *const u8,
    bias: [v128; 2],
    scale: [v128; 2],
    slopes: *const f32,
    /// First result of the first row.
    output: *mut u8,
    /// Channels that there are.
    count: usize,
}

/// Products of R rows at once.
pub trait Tile<const R: usize> {
    /// Bytes of the weights of eight channels.
    fn panel_bytes(depth: usize) -> usize;
    /// Weights of a panel in the order of the host.
    unsafe fn arrange(weights: *const u8, depth: usize, panel: *mut u8) -> *const u8;
    /// R rows times one panel.
    unsafe fn tile(p: &Product, row: usize, panel: &Panel) -> [[v128; 2]; R];
    /// Factors between sums and results.
    unsafe fn scales(multiplier: *const f32) -> [v128; 2];
    /// Results of a row as f32 before the activation.
    fn scale(sums: [v128; 2], scale: [v128; 2]) -> [v128; 2];
}

/// Unsigned 8-bit activations, signed 8-bit weights.
pub struct U8;

/// The same with activations that are widened to i16.
#[cfg(not(target_feature = "relaxed-simd"))]
pub struct Wide;

/// f32 activations and weights.
pub struct F32;

/// Computes a whole product, R rows at a time.
#[inline(never)]
pub unsafe fn multiply<T: Tile<R>, const R: usize>(p: &Product) {
    let mut channel = 0;
    let mut weights = p.weights;
    while channel < p.channels {
        let bias = p.bias.add(channel * 4);
        let mut panel = Panel {
            weights: T::arrange(weights, p.depth, p.panel),
            bias: [load(bias), load(bias.add(16))],
            scale: T::scales(p.multiplier.wrapping_add(channel)),
            slopes: p.slopes.wrapping_add(channel),
            output: p.output.add(channel * p.epilogue.size()),
            count: (p.channels - channel).min(8),
        };
        if p.rounding.is_some() {
            panel.scale = panel.scale.map(finite);
        }
        tiles::<T, R>(p, &panel);
        weights = weights.add(T::panel_bytes(p.depth));
        channel += 8;
    }
}

/// All rows of a panel; a function of its own, which engines optimise within a run.
#[inline(never)]
unsafe fn tiles<T: Tile<R>, const R: usize>(p: &Product, panel: &Panel) {
    let mut row = 0;
    while row < p.rows {
        let sums = T::tile(p, row, panel);
        // Read anew for each tile: constants kept in registers would displace sums in the loop over the depth.
        let (p, panel) = (core::hint::black_box(p), core::hint::black_box(panel));
        let v = sums.map(|pair| T::scale(pair, panel.scale));
        let first = panel.output.add(row * p.output_bytes);
        match &p.rounding {
            Some(rounding) if R % 2 == 0 && panel.count == 8 && row + R <= p.rows => {
                let mut output = first;
                for i in 0..R / 2 {
                    let [a, b] = [v[i * 2], v[i * 2 + 1]];
                    let bytes = rounding.numbers16([a[0], a[1], b[0], b[1]]);
                    v128_store64_lane::<0>(bytes, output as *mut u64);
                    output = output.add(p.output_bytes);
                    v128_store64_lane::<1>(bytes, output as *mut u64);
                    output = output.add(p.output_bytes);
                }
            }
            _ => {
                let rows = v;
                store_rows(p, panel, first, &rows[..R.min(p.rows - row)]);
            }
        }
        row += R;
    }
}

/// Stores rows of results of any kind.
#[inline(never)]
unsafe fn store_rows(p: &Product, panel: &Panel, first: *mut u8, rows: &[[v128; 2]]) {
    let mut output = first;
    for v in rows {
        p.epilogue.store8(*v, panel.slopes, output, panel.count);
        output = output.add(p.output_bytes);
    }
}

/// Lane `i` of four 32-bit lanes in all of them.
#[inline(always)]
fn splat_lane(value: v128, lane: usize) -> v128 {
    match lane {
        0 => i32x4_shuffle::<0, 0, 0, 0>(value, value),
        1 => i32x4_shuffle::<1, 1, 1, 1>(value, value),
        2 => i32x4_shuffle::<2, 2, 2, 2>(value, value),
        _ => i32x4_shuffle::<3, 3, 3, 3>(value, value),
    }
}

#[inline(always)]
unsafe fn byte_scales(multiplier: *const f32) -> [v128; 2] {
    let m = multiplier as *const u8;
    [load(m), load(m.add(16))]
}

#[inline(always)]
fn scale_integers(sums: [v128; 2], scale: [v128; 2]) -> [v128; 2] {
    [
        f32x4_mul(f32x4_convert_i32x4(sums[0]), scale[0]),
        f32x4_mul(f32x4_convert_i32x4(sums[1]), scale[1]),
    ]
}

/// What the products of integers share.
macro_rules! integers {
    () => {
        #[inline(always)]
        fn panel_bytes(depth: usize) -> usize {
            depth.div_ceil(4) * 32
        }

        #[inline(always)]
        unsafe fn scales(multiplier: *const f32) -> [v128; 2] {
            byte_scales(multiplier)
        }

        #[inline(always)]
        fn scale(sums: [v128; 2], scale: [v128; 2]) -> [v128; 2] {
            scale_integers(sums, scale)
        }
    };
}

#[cfg(target_feature = "relaxed-simd")]
impl Tile<TILE> for U8 {
    integers!();

    #[inline(always)]
    unsafe fn arrange(weights: *const u8, _depth: usize, _panel: *mut u8) -> *const u8 {
        weights
    }

    #[inline(always)]
    unsafe fn tile(p: &Product, row: usize, panel: &Panel) -> [[v128; 2]; TILE] {
        let mut sums = [panel.bias; TILE];
        let mut line_weights = panel.weights;
        for line in 0..p.lines.count {
            let mut x = p.lines.rows::<TILE>(line, row, p.offset);
            let mut w = line_weights;
            let mut left = p.lines.run;
            // A way out after each step keeps the compiler from joining the steps, for which registers would not do.
            loop {
                sums = step(sums, x, w, 0);
                if left <= 4 {
                    break;
                }
                sums = step(sums, x, w, 1);
                if left <= 8 {
                    break;
                }
                sums = step(sums, x, w, 2);
                if left <= 12 {
                    break;
                }
                sums = step(sums, x, w, 3);
                if left <= 16 {
                    break;
                }
                x = x.map(|x| x.add(16));
                w = w.add(128);
                left -= 16;
            }
            line_weights = line_weights.add(p.lines.run * 8);
        }
        sums
    }
}

#[cfg(target_feature = "relaxed-simd")]
impl Tile<1> for U8 {
    integers!();

    #[inline(always)]
    unsafe fn arrange(weights: *const u8, _depth: usize, _panel: *mut u8) -> *const u8 {
        weights
    }

    #[inline(always)]
    unsafe fn tile(p: &Product, row: usize, panel: &Panel) -> [[v128; 2]; 1] {
        // One row alone waits for its own sums: four chains hide the latency.
        let mut chains = [[i32x4_splat(0); 2]; 4];
        chains[0] = panel.bias;
        let mut w = panel.weights;
        for line in 0..p.lines.count {
            let [mut x] = p.lines.rows::<1>(line, row, p.offset);
            let mut left = p.lines.run;
            while left >= 16 {
                for (i, chain) in chains.iter_mut().enumerate() {
                    *chain = dot(load(w.add(32 * i)), load(w.add(32 * i + 16)), x.add(4 * i), *chain);
                }
                x = x.add(16);
                w = w.add(128);
                left -= 16;
            }
            while left > 0 {
                chains[0] = dot(load(w), load(w.add(16)), x, chains[0]);
                x = x.add(4);
                w = w.add(32);
                left -= 4;
            }
        }
        let add = |a: [v128; 2], b: [v128; 2]| [i32x4_add(a[0], b[0]), i32x4_add(a[1], b[1])];
        [add(add(chains[0], chains[1]), add(chains[2], chains[3]))]
    }
}

#[cfg(not(target_feature = "relaxed-simd"))]
impl Tile<TILE> for Wide {
    integers!();

    #[inline(always)]
    unsafe fn arrange(weights: *const u8, depth: usize, panel: *mut u8) -> *const u8 {
        widen_weights(weights, depth, panel);
        panel
    }

    #[inline(always)]
    unsafe fn tile(p: &Product, row: usize, panel: &Panel) -> [[v128; 2]; TILE] {
        let mut sums = [panel.bias; TILE];
        let mut line_weights = panel.weights;
        for line in 0..p.lines.count {
            let mut x = p.lines.rows::<TILE>(line, row, p.offset);
            let mut w = line_weights;
            let mut left = p.lines.run;
            // A way out after each step keeps the compiler from joining the steps, for which registers would not do.
            loop {
                let rows = x.map(|x| load(x));
                sums = step(sums, rows, w, 0);
                if left <= 2 {
                    break;
                }
                sums = step(sums, rows, w, 1);
                if left <= 4 {
                    break;
                }
                sums = step(sums, rows, w, 2);
                if left <= 6 {
                    break;
                }
                sums = step(sums, rows, w, 3);
                if left <= 8 {
                    break;
                }
                x = x.map(|x| x.add(16));
                w = w.add(128);
                left -= 8;
            }
            line_weights = line_weights.add(p.lines.run * 16);
        }
        sums
    }
}

#[cfg(not(target_feature = "relaxed-simd"))]
impl Tile<1> for U8 {
    integers!();

    #[inline(always)]
    unsafe fn arrange(weights: *const u8, _depth: usize, _panel: *mut u8) -> *const u8 {
        weights
    }

    #[inline(always)]
    unsafe fn tile(p: &Product, row: usize, panel: &Panel) -> [[v128; 2]; 1] {
        // Channel 2 i + j has the sums of its even and odd pairs in lanes 2 j and 2 j + 1 of vector i.
        let mut sums = [i32x4_splat(0); 4];
        let mut w = panel.weights as *const i8;
        for line in 0..p.lines.count {
            let [mut x] = p.lines.rows::<1>(line, row, p.offset);
            let mut left = p.lines.run;
            while left > 0 {
                let activations = u16x8_extend_low_u8x16(splat_word(x));
                for (i, sum) in sums.iter_mut().enumerate() {
                    let weight = i16x8_load_extend_i8x8(w.add(8 * i));
                    *sum = i32x4_add(*sum, i32x4_dot_i16x8(weight, activations));
                }
                x = x.add(4);
                w = w.add(32);
                left -= 4;
            }
        }
        let pairs = |a, b| i32x4_add(i32x4_shuffle::<0, 2, 4, 6>(a, b), i32x4_shuffle::<1, 3, 5, 7>(a, b));
        [[
            i32x4_add(panel.bias[0], pairs(sums[0], sums[1])),
            i32x4_add(panel.bias[1], pairs(sums[2], sums[3])),
        ]]
    }
}

/// Adds the products of four elements of each row.
#[cfg(target_feature = "relaxed-simd")]
#[inline(always)]
unsafe fn step(
    mut sums: [[v128; 2]; TILE],
    x: [*const u8; TILE],
    weights: *const u8,
    index: usize,
) -> [[v128; 2]; TILE] {
    let (left, right) = (load(weights.add(index * 32)), load(weights.add(index * 32 + 16)));
    for (pair, x) in sums.iter_mut().zip(x) {
        *pair = dot(left, right, x.add(index * 4), *pair);
    }
    sums
}

/// Adds the products of four elements of a row.
#[cfg(target_feature = "relaxed-simd")]
#[inline(always)]
unsafe fn dot(left: v128, right: v128, activations: *const u8, sums: [v128; 2]) -> [v128; 2] {
    let x = splat_word(activations);
    [
        i32x4_relaxed_dot_i8x16_i7x16_add(left, x, sums[0]),
        i32x4_relaxed_dot_i8x16_i7x16_add(right, x, sums[1]),
    ]
}

/// Adds the products of a pair of elements of each row.
#[cfg(not(target_feature = "relaxed-simd"))]
#[inline(always)]
unsafe fn step(mut sums: [[v128; 2]; TILE], rows: [v128; TILE], weights: *const u8, pair: usize) -> [[v128; 2]; TILE] {
    let (left, right) = (load(weights.add(pair * 32)), load(weights.add(pair * 32 + 16)));
    for (sums, row) in sums.iter_mut().zip(rows) {
        let x = splat_lane(row, pair);
        sums[0] = i32x4_add(sums[0], i32x4_dot_i16x8(x, left));
        sums[1] = i32x4_add(sums[1], i32x4_dot_i16x8(x, right));
    }
    sums
}

/// A panel [depth / 4][8 channels][4] i8 as [depth / 2][8 channels][2] i16.
#[cfg(not(target_feature = "relaxed-simd"))]
#[inline(never)]
unsafe fn widen_weights(weights: *const u8, depth: usize, panel: *mut u8) {
    let (mut w, mut to) = (weights, panel);
    for _ in 0..depth.div_ceil(4) {
        for half in 0..2 {
            let four = load(w.add(half * 16));
            let pairs = u16x8_shuffle::<0, 2, 4, 6, 1, 3, 5, 7>(four, four);
            store(to.add(half * 16), i16x8_extend_low_i8x16(pairs));
            store(to.add(half * 16 + 32), i16x8_extend_high_i8x16(pairs));
        }
        w = w.add(32);
        to = to.add(64);
    }
}

/// `count` u8 as i16; up to 15 more are written.
#[cfg(not(target_feature = "relaxed-simd"))]
#[inline(never)]
pub unsafe fn widen_activations(from: *const u8, to: *mut u8, count: usize) {
    let mut i = 0;
    while i < count {
        store(to.add(i * 2), u16x8_load_extend_u8x8(from.add(i)));
        store(to.add(i * 2 + 16), u16x8_load_extend_u8x8(from.add(i + 8)));
        i += 16;
    }
}

impl<const R: usize> Tile<R> for F32 {
    #[inline(always)]
    fn panel_bytes(depth: usize) -> usize {
        depth * 32
    }

    #[inline(always)]
    unsafe fn arrange(weights: *const u8, _depth: usize, _panel: *mut u8) -> *const u8 {
        weights
    }

    #[inline(always)]
    unsafe fn scales(_multiplier: *const f32) -> [v128; 2] {
        [f32x4_splat(1.0); 2]
    }

    #[inline(always)]
    fn scale(sums: [v128; 2], _scale: [v128; 2]) -> [v128; 2] {
        sums
    }

    #[inline(always)]
    unsafe fn tile(p: &Product, row: usize, panel: &Panel) -> [[v128; 2]; R] {
        multiply_floats::<R>(p, row, panel)
    }
}

#[inline(always)]
unsafe fn multiply_floats<const R: usize>(p: &Product, row: usize, panel: &Panel) -> [[v128; 2]; R] {
    let mut sums = [panel.bias; R];
    let mut line_weights = panel.weights;
    for line in 0..p.lines.count {
        let mut x = p.lines.rows::<R>(line, row, p.offset);
        let mut w = line_weights;
        let mut left = p.lines.run;
        // A way out after each step keeps the compiler from joining the steps, for which registers would not do.
        loop {
            let rows = x.map(|x| load(x));
            sums = add_floats(sums, rows.map(|row| splat_lane(row, 0)), w);
            if left <= 1 {
                break;
            }
            sums = add_floats(sums, rows.map(|row| splat_lane(row, 1)), w.add(32));
            if left <= 2 {
                break;
            }
            sums = add_floats(sums, rows.map(|row| splat_lane(row, 2)), w.add(64));
            if left <= 3 {
                break;
            }
            sums = add_floats(sums, rows.map(|row| splat_lane(row, 3)), w.add(96));
            if left <= 4 {
                break;
            }
            x = x.map(|x| x.add(16));
            w = w.add(128);
            left -= 4;
        }
        line_weights = line_weights.add(p.lines.run * 32);
    }
    sums
}

/// Adds the products of an element of each row.
#[inline(always)]
unsafe fn add_floats<const R: usize>(
    mut sums: [[v128; 2]; R],
    values: [v128; R],
    weights: *const u8,
) -> [[v128; 2]; R] {
    let (left, right) = (load(weights), load(weights.add(16)));
    for (pair, value) in sums.iter_mut().zip(values) {
        pair[0] = f32x4_add(pair[0], f32x4_mul(value, left));
        pair[1] = f32x4_add(pair[1], f32x4_mul(value, right));
    }
    sums
}
