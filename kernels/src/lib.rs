//! Kernels of the Octet runtime. Every export takes the address of a parameter
//! block; `README.md` states the blocks and the arithmetic.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::missing_safety_doc)]

mod activation;
mod binary;
mod convolution;
mod convolution_lines;
mod copy;
mod depthwise;
mod depthwise_f32;
mod depthwise_u8;
#[cfg(not(target_feature = "relaxed-simd"))]
mod depthwise_u8_sums;
mod depthwise_u8_window;
mod epilogue;
mod gemm;
mod gemm_f32;
mod gemm_integers;
#[cfg(target_feature = "relaxed-simd")]
mod gemm_relaxed;
mod gemm_row;
mod gemm_steps;
#[cfg(not(target_feature = "relaxed-simd"))]
mod gemm_widened;
mod interleave;
mod matmul;
mod pool;
mod probe;
mod quantize;
mod resize;
mod softmax;
mod sum;
mod vector;
