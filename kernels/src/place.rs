//! Output positions of a convolution.

use crate::blocks::ConvolutionBlock;

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
    pub fn of(block: &ConvolutionBlock, index: usize) -> Self {
        let row = index.checked_div(block.output_width).unwrap_or(0);
        let image = row.checked_div(block.output_height).unwrap_or(0);
        Place {
            image,
            y: row - image * block.output_height,
            x: index - row * block.output_width,
        }
    }

    /// Moves on to the next position.
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
