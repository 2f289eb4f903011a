//! How a convolution computes its products: a table for f32, and one for u8 that
//! each build fills.

use crate::blocks::ConvolutionBlock;
use crate::gemm::{Product, Rows};
use core::ops::Range;

/// Computes a product.
pub type Multiply = unsafe fn(&Product);

/// Brings the inputs of output positions to scratch memory as they are
/// multiplied; gives the address that the input's first element would have there.
pub type Widen = unsafe fn(block: &ConvolutionBlock, positions: Range<usize>, to: *mut u8) -> *const u8;

/// How products are computed.
pub struct Products {
    /// Bytes of an input element when it is multiplied.
    pub size: usize,
    /// Whether elements of a line are multiplied in fours.
    pub fours: bool,
    /// Bytes of the weights of eight channels.
    pub panel_bytes: fn(usize) -> usize,
    /// Rows that are computed at once.
    pub tile: usize,
    /// Products of rows in general, and of those whose lines are even.
    pub multiply: [Multiply; 2],
    /// Computes single rows that are left over.
    pub single: Option<Rows>,
    /// Widens inputs beforehand.
    pub widen: Option<Widen>,
}

/// The products of fewer rows than a tile has, and of others.
pub struct ProductsTable {
    pub few: Products,
    pub many: Products,
}

impl ProductsTable {
    /// The products of so many rows.
    #[inline(always)]
    pub fn of(&self, rows: usize) -> &Products {
        if rows < self.many.tile {
            &self.few
        } else {
            &self.many
        }
    }
}
