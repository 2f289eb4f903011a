//! The bias of convolutions where u8 tensors lie in memory as signed bytes: with
//! 128 times the sum of a channel's weights, which sums of products then lack.

use crate::blocks::{ConvolutionBlock, ConvolutionSumBlock};
use crate::vector::{is_signed, load, store_floats};
use core::arch::wasm32::*;

impl ConvolutionBlock {
    /// The bias of the host.
    #[inline(always)]
    pub unsafe fn host_bias(&self) -> *const u8 {
        if is_signed() {
            // What was prepared lies behind the block.
            (self as *const ConvolutionBlock).add(1) as *const u8
        } else {
            self.bias
        }
    }

    /// The block with the bias of the host.
    #[inline(always)]
    pub unsafe fn on_host(&self) -> Self {
        let bias = self.host_bias();
        ConvolutionBlock { bias, ..*self }
    }
}

#[no_mangle]
unsafe extern "C" fn prepare_convolution_u8(at: *mut ConvolutionBlock) {
    let block = *at;
    let behind = at.add(1) as *mut u8;
    let [inputs, outputs] = block.group_channels();
    let fours = (block.kernel_height * block.kernel_width * inputs).div_ceil(4);
    let panels = outputs.div_ceil(8);
    for group in 0..block.groups {
        let weights = block.weights.add(group * panels * fours * 32);
        let first = group * outputs * 4;
        prepare(2, weights, fours, block.bias.add(first), behind.add(first), outputs);
    }
}

#[no_mangle]
unsafe extern "C" fn prepare_depthwise_u8(at: *mut ConvolutionBlock) {
    let block = *at;
    let fours = match block.kernel_height {
        1 => block.kernel_width.div_ceil(4),
        height => height.div_ceil(4) * block.kernel_width,
    };
    prepare(
        4,
        block.weights,
        fours,
        block.bias,
        at.add(1) as *mut u8,
        block.output_channels,
    );
}

#[no_mangle]
unsafe extern "C" fn prepare_convolution_sum_u8(at: *mut ConvolutionSumBlock) {
    prepare_convolution_u8(&raw mut (*at).convolution);
}

/// Bias of `count` channels, whose weights lie as `[ceil(count / 4 quads)][fours][4 quads channels][4]`.
#[inline(never)]
unsafe fn prepare(quads: usize, weights: *const u8, fours: usize, bias: *const u8, to: *mut u8, count: usize) {
    let step = quads * 16;
    let mut channel = 0;
    let mut panel = weights;
    while channel < count {
        let mut weights = panel.add(channel * 4 & (step - 1));
        let mut sums = i32x4_splat(0);
        for _ in 0..fours {
            let pairs = i16x8_extadd_pairwise_i8x16(load(weights));
            sums = i32x4_add(sums, i32x4_extadd_pairwise_i16x8(pairs));
            weights = weights.add(step);
        }
        let prepared = i32x4_add(load(bias.add(channel * 4)), i32x4_shl(sums, 7));
        store_floats(to.add(channel * 4) as *mut f32, prepared, count - channel);
        channel += 4;
        if channel * 4 & (step - 1) == 0 {
            panel = panel.add(fours * step);
        }
    }
}
