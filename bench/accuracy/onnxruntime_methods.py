"""onnxruntime's static quantisation: u8 activations, s8 weights, all else at its defaults."""

import contextlib
import importlib
import io

from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static

# The package has a function of the same name as this module.
quantization = importlib.import_module("onnxruntime.quantization.quantize")

KINDS = {
    "minmax": (CalibrationMethod.MinMax, {}),
    "percentile": (CalibrationMethod.Percentile, {}),
    "entropy": (CalibrationMethod.Entropy, {}),
    # This many bins cannot be asked for by quantize_static's options: they are passed to the calibrator itself.
    "entropy-2048-bins": (CalibrationMethod.Entropy, {"num_bins": 2048}),
}


class Samples(CalibrationDataReader):
    """Gives a calibrator one sample at a time, as often as it starts again."""

    def __init__(self, name, samples):
        self.name, self.samples = name, samples
        self.rewind()

    def get_next(self):
        return next(self.feeds, None)

    def rewind(self):
        self.feeds = iter({self.name: sample[None]} for sample in self.samples)

    reset_iter = rewind


def quantise(source, target, samples, kind, options, per_channel):
    """Quantises a network, with options for the calibrator that quantize_static does not pass on."""
    create = quantization.create_calibrator

    def create_with_options(*args, extra_options=None, **kwargs):
        return create(*args, extra_options={**(extra_options or {}), **options}, **kwargs)

    quantization.create_calibrator = create_with_options
    try:
        # Calibrators print what they do.
        with contextlib.redirect_stdout(io.StringIO()):
            quantize_static(
                source,
                target,
                samples,
                quant_format=QuantFormat.QDQ,
                per_channel=per_channel,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                calibrate_method=kind,
            )
    finally:
        quantization.create_calibrator = create


def method(kind, options, per_channel):
    return lambda source, target, name, samples: quantise(
        source, target, Samples(name, samples), kind, options, per_channel
    )


METHODS = {
    f"onnxruntime {weights} {name}": method(kind, options, weights == "per-channel")
    for weights in ("per-channel", "per-tensor")
    for name, (kind, options) in KINDS.items()
}
