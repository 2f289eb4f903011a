//! What follows from the block of a convolution.

use crate::activation::Activation;
use crate::blocks::ConvolutionBlock;
use crate::codes::flag;
use crate::epilogue::Epilogue;
use crate::place::Place;

impl ConvolutionBlock {
    /// What follows the sums of a u8 kernel.
    #[inline(always)]
    pub fn epilogue(&self) -> Epilogue {
        self.epilogue_with(Activation::of(&self.epilogue.activation))
    }

    /// As `epilogue`, with another activation.
    #[inline(always)]
    pub fn epilogue_with(&self, activation: Activation) -> Epilogue {
        if self.gives_floats() {
            Epilogue::floats(activation)
        } else {
            Epilogue::bytes(activation, &self.epilogue)
        }
    }

    /// Whether a u8 kernel stores f32.
    #[inline(always)]
    pub fn gives_floats(&self) -> bool {
        flag(self.output_type)
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

    /// Number of output positions.
    #[inline(always)]
    pub fn positions(&self) -> usize {
        self.batch * self.output_height * self.output_width
    }

    /// Whether every output position reads exactly the input position under it.
    #[inline(always)]
    pub fn is_pointwise(&self) -> bool {
        self.kernel_height == 1
            && self.kernel_width == 1
            && self.stride_height == 1
            && self.stride_width == 1
            && self.pad_top == 0
            && self.pad_left == 0
            && self.output_height == self.input_height
            && self.output_width == self.input_width
    }

    /// Input and output channels of a group. A division that could panic would bring the panic machinery into the module.
    #[inline(always)]
    pub fn group_channels(&self) -> [usize; 2] {
        [self.input_channels, self.output_channels].map(|channels| channels.checked_div(self.groups).unwrap_or(0))
    }
}
