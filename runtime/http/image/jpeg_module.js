// @ts-self-types="./jpeg_module.d.ts"
import source module from "npm:@jsquash/jpeg@1.6.0/codec/dec/mozjpeg_dec.wasm";
import instantiate from "npm:@jsquash/jpeg@1.6.0/codec/dec/mozjpeg_dec.js";

export { instantiate, module };
