"""Accuracy of onnxruntime's static quantisation, laid out as `deno task compare` lays out Octet's.

    python3 -m venv venv && venv/bin/pip install -r bench/accuracy/requirements.txt
    venv/bin/python bench/accuracy/static_quantization.py MODEL.onnx --data CALIB.npy --eval EVAL.npy \
        --labels LABELS.npy --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225

Images are uint8 [N, H, W, 3] of the network's own size. The network is prepared by quant_pre_process, which folds
batch normalisation, and quantised by quantize_static: QuantizeLinear and DequantizeLinear, u8 activations, s8 weights,
all else at its defaults. The 2048 bins of the last rows cannot be asked for by quantize_static's options: they are
passed to the calibrator itself.
"""

import argparse
import contextlib
import importlib
import io
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

# The package has a function of the same name as this module.
quantization = importlib.import_module("onnxruntime.quantization.quantize")

METHODS = {
    "minmax": (CalibrationMethod.MinMax, {}),
    "percentile": (CalibrationMethod.Percentile, {}),
    "entropy": (CalibrationMethod.Entropy, {}),
    "entropy-2048-bins": (CalibrationMethod.Entropy, {"num_bins": 2048}),
}


class Images(CalibrationDataReader):
    """Gives the calibrator one image at a time."""

    def __init__(self, images, name, normalise):
        self.batches = iter({name: normalise(image[None])} for image in images)

    def get_next(self):
        return next(self.batches, None)


def logits_of(path, images, normalise):
    """First output for every image, [N, classes]."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return np.concatenate([session.run(None, {name: normalise(image[None])})[0] for image in images])


def ranks_of(logits, labels):
    """Number of classes before each image's label; equal scores go by index."""
    own = logits[np.arange(len(labels)), labels][:, None]
    earlier = np.arange(logits.shape[1])[None] < labels[:, None]
    return ((logits > own) | ((logits == own) & earlier)).sum(axis=1)


def quantise(source, target, reader, method, options, per_channel):
    """Quantises a network, with options for the calibrator that quantize_static does not pass on."""
    create = quantization.create_calibrator

    def create_with_options(*args, extra_options=None, **kwargs):
        return create(*args, extra_options={**(extra_options or {}), **options}, **kwargs)

    quantization.create_calibrator = create_with_options
    try:
        # Calibrators print what they do.
        with contextlib.redirect_stdout(io.StringIO()):
            quantize_static(
                str(source),
                str(target),
                reader,
                quant_format=QuantFormat.QDQ,
                per_channel=per_channel,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                calibrate_method=method,
            )
    finally:
        quantization.create_calibrator = create


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--data", required=True)
    parser.add_argument("--eval", required=True)
    parser.add_argument("--labels", required=True)
    parser.add_argument("--mean", required=True)
    parser.add_argument("--std", required=True)
    arguments = parser.parse_args()
    mean, std = (np.array(text.split(","), np.float32)[None, :, None, None] for text in (arguments.mean, arguments.std))

    def normalise(images):
        return ((images.transpose(0, 3, 1, 2) / np.float32(255) - mean) / std).astype(np.float32)

    calibration, evaluation = np.load(arguments.data), np.load(arguments.eval)
    labels = np.load(arguments.labels).astype(np.int64)
    name = onnx.load(arguments.model).graph.input[0].name
    exact = logits_of(arguments.model, evaluation, normalise)
    exact_ranks = ranks_of(exact, labels)
    print(f"onnxruntime {ort.__version__}, {len(calibration)} calibration and {len(evaluation)} evaluation images")
    print(f"{'method':42}  top-1 %  top-5 %  logit SQNR  top-1 less float's")
    print(f"{'float32':42}  {100 * (exact_ranks < 1).mean():7.2f}  {100 * (exact_ranks < 5).mean():7.2f}")
    with tempfile.TemporaryDirectory() as folder:
        prepared, target = Path(folder) / "prepared.onnx", Path(folder) / "quantised.onnx"
        quant_pre_process(arguments.model, str(prepared))
        for weights in ("per-channel", "per-tensor"):
            for method, (kind, options) in METHODS.items():
                quantise(prepared, target, Images(calibration, name, normalise), kind, options, weights == "per-channel")
                logits = logits_of(target, evaluation, normalise)
                ranks = ranks_of(logits, labels)
                gains = 100.0 * ((ranks < 1).astype(float) - (exact_ranks < 1))
                error = gains.std(ddof=1) / np.sqrt(len(gains))
                sqnr = 10 * np.log10((exact.astype(float) ** 2).sum() / ((exact - logits).astype(float) ** 2).sum())
                print(
                    f"{weights + '+' + method:42}  {100 * (ranks < 1).mean():7.2f}  {100 * (ranks < 5).mean():7.2f}"
                    f"  {sqnr:7.1f} dB  {gains.mean():+9.2f} ± {error:.2f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
