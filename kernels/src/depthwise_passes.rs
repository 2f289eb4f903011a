//! Passes along lines of u8: what the builds' tables of them are made of.

use crate::blocks::ConvolutionBlock;
use crate::depthwise::LINES;
use crate::rounding::Rounding;
use crate::vector::load;
use core::arch::wasm32::*;
use core::ops::Range;

/// Passes with a kernel of `size` x `size` taps and a horizontal stride.
pub struct Passes {
    pub size: usize,
    pub stride: usize,
    /// Computes one output row.
    pub one: Pass,
    /// Computes two output rows that have all but one input row in common.
    pub two: Pass,
    /// Puts the weights in the order of the passes.
    pub arrange: Arrange,
}

/// Gives the address of weights in another order, for which there is memory at `to`.
pub type Arrange = unsafe fn(block: &ConvolutionBlock, to: *mut u8) -> *const u8;

/// Weights that are in order already.
pub unsafe fn as_packed(block: &ConvolutionBlock, _to: *mut u8) -> *const u8 {
    block.weights
}

/// A row of the table of passes.
pub const fn passes(size: usize, stride: usize, one: Pass, two: Pass, arrange: Arrange) -> Passes {
    Passes {
        size,
        stride,
        one,
        two,
        arrange,
    }
}

/// Computes channels of one output row or two, eight after the other.
pub type Pass = unsafe fn(&ConvolutionBlock, &[*const u8; LINES], &Results);

/// Which results a pass computes and where they go.
pub struct Results {
    pub channels: Range<usize>,
    /// The bias of the host.
    pub bias: *const u8,
    /// Weights in the order of the pass.
    pub weights: *const u8,
    pub padding: v128,
    /// The rounding of results, which are small; without it they are f32 values before the activation.
    pub rounding: Option<Rounding>,
    /// First results of the first channel.
    pub rows: [*mut u8; 2],
    /// Bytes from one position to the next.
    pub step: usize,
}

impl Results {
    /// Bias and factors of four channels.
    #[inline(always)]
    pub unsafe fn constants(&self, block: &ConvolutionBlock, channel: usize) -> [v128; 2] {
        let factors = block.multiplier.add(channel) as *const u8;
        [load(self.bias.add(channel * 4)), load(factors)]
    }
}
