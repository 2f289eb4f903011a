//! How the inputs of a convolution are laid out: in lines, and in scratch memory.

use crate::blocks::ConvolutionBlock;
use crate::products::Products;

/// Most output positions that are computed at once.
pub const ROWS: usize = 128;

/// Where the parts of scratch memory lie.
pub struct Scratch {
    /// Addresses of the lines of ROWS output positions.
    pub lines: *mut *const u8,
    /// A line of padding.
    pub padding: *mut u8,
    pub padding_bytes: usize,
    /// Weights of eight channels in the order of the host.
    pub panel: *mut u8,
    /// Inputs that do not lie in one piece: `row_bytes` for each of ROWS positions.
    pub gathered: *mut u8,
    pub row_bytes: usize,
    /// Inputs that are widened beforehand.
    pub widened: *mut u8,
}

impl Scratch {
    /// The parts of a block's scratch memory.
    #[inline(always)]
    pub unsafe fn of(block: &ConvolutionBlock, products: &Products, depth: usize) -> Self {
        let lines = block.scratch as *mut *const u8;
        let padding = lines.add(block.kernel_height * block.kernel_width * ROWS) as *mut u8;
        let padding_bytes = block.kernel_width * block.input_channels * products.size;
        let panel = padding.add(padding_bytes.div_ceil(16) * 16 + 16);
        let gathered = panel.add(depth.div_ceil(4) * 64);
        let row_bytes = depth.div_ceil(16) * 16 * products.size;
        let widened = gathered.add(ROWS * row_bytes + 16);
        Scratch {
            lines,
            padding,
            padding_bytes,
            panel,
            gathered,
            row_bytes,
            widened,
        }
    }
}

/// How the inputs of an output position divide into lines.
pub struct Layout {
    /// Length of the reduced dimension.
    pub depth: usize,
    /// Whether the inputs of output positions follow each other.
    pub pointwise: bool,
    /// Whether a line is a whole row of the kernel.
    pub joined: bool,
    /// Lines of a kernel row.
    pub per_row: usize,
    /// Bytes of a line.
    pub line_bytes: usize,
    /// Whether all lines are gathered into one.
    pub whole: bool,
    /// Lines of a position.
    pub count: usize,
    /// Elements of a line, as they are multiplied.
    pub run: usize,
}

impl Layout {
    /// The lines of a block.
    #[inline(always)]
    pub fn of(block: &ConvolutionBlock, products: &Products) -> Self {
        let [inputs, _] = block.group_channels();
        let depth = block.kernel_height * block.kernel_width * inputs;
        let joined = block.groups == 1 && block.dilation_width == 1;
        let per_row = if joined { 1 } else { block.kernel_width };
        let run = if joined { block.kernel_width * inputs } else { inputs };
        let count = block.kernel_height * per_row;
        let whole = products.fours && count > 1 && run % 4 != 0;
        let line_bytes = run * products.size;
        let (count, run) = if whole { (1, depth) } else { (count, run) };
        Layout {
            depth,
            pointwise: block.is_pointwise(),
            joined,
            per_row,
            line_bytes,
            whole,
            count,
            run: if products.fours { run.div_ceil(4) * 4 } else { run },
        }
    }
}

/// Inputs of a block of output positions, from the element at address 0 on.
pub struct Inputs {
    pub from: *const u8,
    pub pixel_bytes: usize,
    pub group_bytes: usize,
}

impl Inputs {
    /// Inputs as they lie in memory, of elements with `size` bytes.
    #[inline(always)]
    pub fn of(block: &ConvolutionBlock, size: usize) -> Self {
        let [inputs, _] = block.group_channels();
        Inputs {
            from: block.input,
            pixel_bytes: block.input_channels * size,
            group_bytes: inputs * size,
        }
    }
}
