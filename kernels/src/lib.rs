//! Kernels of the Octet runtime. Every export takes the address of a parameter
//! block; `README.md` states the blocks and the arithmetic.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::missing_safety_doc)]

mod activation;
mod binary;
mod convolution;
mod copy;
mod depthwise;
mod epilogue;
mod gemm;
mod matmul;
mod pool;
mod probe;
mod quantize;
mod resize;
mod softmax;
mod vector;
