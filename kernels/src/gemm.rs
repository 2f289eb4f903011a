//! Rows of activations times packed weights, eight output channels at a time.

use crate::epilogue::Epilogue;
use crate::rounding::{stay_small, Rounding};
use crate::vector::{load, store};
use core::arch::wasm32::*;
use core::ops::Range;

/// Panels of a single row that are computed at once; for more, registers would not do.
pub const PANELS: usize = 3;

/// Where the inputs of rows lie: a row is made of lines, runs of elements that
/// follow each other in memory.
pub struct Lines {
    /// [line][row] addresses; of rows at even distances only those of the first and of the last ones.
    pub addresses: *const *const u8,
    pub count: usize,
    /// Addresses from one line to the next.
    pub stride: usize,
    /// Elements of a line.
    pub run: usize,
    /// Bytes from a row to the next where every row is one line and they follow each other.
    pub row_bytes: usize,
}

impl Lines {
    /// Addresses of R rows of a line.
    #[inline(always)]
    pub unsafe fn rows<const R: usize>(&self, line: usize, row: usize, offset: usize) -> [*const u8; R] {
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
    /// Computes single rows, if that is faster for one or two that are left over.
    pub single: Option<Rows>,
}

/// Computes rows of panels one by one.
pub type Rows = unsafe fn(&Product, panels: Range<usize>, rows: Range<usize>);

/// The weights and constants of eight channels.
pub struct Panel {
    pub weights: *const u8,
    pub bias: [v128; 2],
    scale: [v128; 2],
    slopes: *const f32,
    /// First result of the first row.
    output: *mut u8,
    /// Channels that there are.
    count: usize,
    /// Whether rounding is all there is to do after scaling.
    alone: bool,
    /// Whether all there is to do is to round small values of eight channels.
    pub rounds: bool,
    rounding: Rounding,
}

impl Panel {
    /// A panel of no channels yet.
    #[inline(always)]
    pub fn new(p: &Product) -> Self {
        Panel {
            weights: p.weights,
            bias: [i32x4_splat(0); 2],
            scale: [f32x4_splat(0.0); 2],
            slopes: p.slopes,
            output: p.output,
            count: 0,
            alone: p.epilogue.rounding().is_some(),
            rounds: false,
            rounding: p.epilogue.rounding,
        }
    }

    /// Makes it the panel of the channels from `channel` on.
    #[inline(always)]
    pub unsafe fn place<T: Tile<R>, const R: usize>(&mut self, p: &Product, channel: usize) {
        let bias = p.bias.add(channel * 4);
        let multiplier = p.multiplier.wrapping_add(channel);
        self.bias = [load(bias), load(bias.add(16))];
        self.scale = T::scales(multiplier);
        self.slopes = p.slopes.wrapping_add(channel);
        self.output = p.output.add(channel * p.epilogue.size());
        self.count = (p.channels - channel).min(8);
        self.rounds = self.alone
            && self.count == 8
            && stay_small(bias, multiplier, p.depth)
            && stay_small(bias.add(16), multiplier.add(4), p.depth);
    }
}

/// Products of R rows at once.
pub trait Tile<const R: usize> {
    /// Bytes of the weights of eight channels of an element.
    const WEIGHT_BYTES: usize;
    /// Bytes of the weights of eight channels in memory.
    fn panel_bytes(depth: usize) -> usize;
    /// Weights of a panel in the order of the host.
    unsafe fn arrange(weights: *const u8, depth: usize, panel: *mut u8) -> *const u8;
    /// Adds the products of `run` elements of R rows and eight channels.
    unsafe fn line(sums: [[v128; 2]; R], x: [*const u8; R], weights: *const u8, run: usize) -> [[v128; 2]; R];
    /// Factors between sums and results.
    unsafe fn scales(multiplier: *const f32) -> [v128; 2];
    /// Results of a row as f32 before the activation.
    fn scale(sums: [v128; 2], scale: [v128; 2]) -> [v128; 2];
}

/// Computes a whole product of at least R rows, R at a time; EVEN where lines have `row_bytes`.
#[inline(never)]
pub unsafe fn multiply<T: Tile<R>, const R: usize, const EVEN: bool>(p: &Product) {
    let panels = p.channels.div_ceil(8);
    let mut weights = p.weights;
    let left = p.rows % R;
    let single = p.single.filter(|_| left == 1 || left == 2);
    let whole = if single.is_some() { p.rows - left } else { p.rows };
    let mut panel = Panel::new(p);
    let mut first = 0;
    for index in 0..panels {
        panel.weights = T::arrange(weights, p.depth, p.panel);
        place::<T, R>(&mut panel, p, index * 8);
        tiles::<T, R, EVEN>(p, &panel, 0, whole);
        weights = weights.add(T::panel_bytes(p.depth));
        let next = index + 1;
        if next == panels || next == first + PANELS {
            // While their weights are in the cache.
            if let Some(single) = single {
                single(p, first..next, whole..p.rows);
            }
            first = next;
        }
    }
}

/// As `Panel::place`, a function of its own: of the loop over panels, engines optimise it alone at first.
#[inline(never)]
unsafe fn place<T: Tile<R>, const R: usize>(panel: &mut Panel, p: &Product, channel: usize) {
    panel.place::<T, R>(p, channel);
}

/// Rows of a panel, R at a time; a function of its own, which engines optimise
/// within a run. The last rows may be computed twice.
#[inline(never)]
pub unsafe fn tiles<T: Tile<R>, const R: usize, const EVEN: bool>(
    p: &Product,
    panel: &Panel,
    first: usize,
    end: usize,
) {
    let rounds = panel.rounds;
    let mut row = first;
    loop {
        let v = tile::<T, R, EVEN>(p, panel, row);
        // Read anew for each tile: constants kept in registers would displace sums in the loop over the depth.
        let panel = core::hint::black_box(panel);
        finish::<T, R>(p, panel, row, v, rounds);
        row += R;
        if row >= end {
            break;
        }
        row = row.min(end - R);
    }
}

/// Stores the results of R rows. The caller knows whether the panel `rounds`: in a loop it is read but once.
#[inline(always)]
pub unsafe fn finish<T: Tile<R>, const R: usize>(
    p: &Product,
    panel: &Panel,
    row: usize,
    sums: [[v128; 2]; R],
    rounds: bool,
) {
    let v = sums.map(|pair| T::scale(pair, panel.scale));
    let output = panel.output.add(row * p.output_bytes);
    if rounds && R % 2 == 0 {
        let mut output = output;
        for i in 0..R / 2 {
            let [a, b] = [v[i * 2], v[i * 2 + 1]];
            let bytes = panel.rounding.small16([a[0], a[1], b[0], b[1]]);
            v128_store64_lane::<0>(bytes, output as *mut u64);
            output = output.add(p.output_bytes);
            v128_store64_lane::<1>(bytes, output as *mut u64);
            output = output.add(p.output_bytes);
        }
    } else if rounds && R == 1 {
        v128_store64_lane::<0>(panel.rounding.small8(v[0]), output as *mut u64);
    } else if R > 1 && p.epilogue.is_plain() && panel.count == 8 {
        // Not by the general way, through memory; the code of one row stays small without.
        let mut output = output;
        for [a, b] in v {
            store(output, a);
            store(output.add(16), b);
            output = output.add(p.output_bytes);
        }
    } else {
        let rows = v;
        store_rows(p, panel, output, &rows);
    }
}

/// Sums of R rows.
#[inline(always)]
unsafe fn tile<T: Tile<R>, const R: usize, const EVEN: bool>(p: &Product, panel: &Panel, row: usize) -> [[v128; 2]; R] {
    let mut sums = [panel.bias; R];
    if EVEN {
        let mut x = (*p.lines.addresses).add(p.offset + row * p.lines.row_bytes);
        let rows = core::array::from_fn(|_| {
            let row = x;
            x = x.add(p.lines.row_bytes);
            row
        });
        return T::line(sums, rows, panel.weights, p.lines.run);
    }
    let mut weights = panel.weights;
    for line in 0..p.lines.count {
        let x = p.lines.rows::<R>(line, row, p.offset);
        sums = T::line(sums, x, weights, p.lines.run);
        weights = weights.add(p.lines.run * T::WEIGHT_BYTES);
    }
    sums
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
