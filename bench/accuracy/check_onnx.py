"""Checks a quantised ONNX file: onnx.checker, onnxruntime, and its logits there, written as float32 .npy.

    python check_onnx.py FILE.onnx SAMPLES.npy LOGITS.npy

Samples are float32 in the network's own layout.
"""

import sys

import numpy as np
import onnx
import onnxruntime as ort


def main(path, samples, target):
    onnx.checker.check_model(path, full_check=True)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    logits = [session.run(None, {name: sample[None]})[0] for sample in np.load(samples, mmap_mode="r")]
    np.save(target, np.concatenate(logits).astype(np.float32))
    print(f"onnx {onnx.__version__}, onnxruntime {ort.__version__}")


if __name__ == "__main__":
    main(*sys.argv[1:])
