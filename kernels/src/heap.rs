//! The memory that is left to the runtime.

unsafe extern "C" {
    static __heap_base: u8;
}

/// First address that the runtime may use.
#[no_mangle]
pub unsafe extern "C" fn heap_base(_parameters: u32) -> *const u8 {
    &raw const __heap_base
}
