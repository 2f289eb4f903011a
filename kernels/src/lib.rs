//! Kernels of the Octet runtime. Every export takes the address of a parameter
//! block; `README.md` states the blocks and the arithmetic.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::missing_safety_doc)]

mod activation;
mod binary;
mod blocks;
#[cfg_attr(target_feature = "relaxed-simd", path = "relaxed/mod.rs")]
#[cfg_attr(not(target_feature = "relaxed-simd"), path = "simd128/mod.rs")]
mod build;
mod codes;
mod convolution;
mod convolution_block;
mod convolution_layout;
mod convolution_lines;
mod copy;
mod depthwise;
mod depthwise_f32;
mod depthwise_passes;
mod depthwise_u8;
mod depthwise_window;
mod elementary;
mod epilogue;
mod functions;
mod gather;
mod gemm;
mod gemm_f32;
mod gemm_integers;
mod gemm_row;
mod gemm_steps;
mod heap;
mod interleave;
mod layer_normalization;
mod matmul;
mod order;
mod place;
mod pool;
mod products;
mod quantize;
mod reduce;
mod resize;
mod rounding;
mod select;
mod signed_bias;
mod sine;
mod softmax;
mod sum;
mod vector;
