"""onnxruntime's static quantisation: u8 activations, s8 or s4 weights, all else at its defaults."""

import importlib

from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static

# The package has a function of the same name as this module.
quantization = importlib.import_module("onnxruntime.quantization.quantize")

KINDS = {
    "min-max": (CalibrationMethod.MinMax, {}),
    "percentile": (CalibrationMethod.Percentile, {}),
    "entropy": (CalibrationMethod.Entropy, {}),
    # This many bins cannot be asked for by quantize_static's options: they are passed to the calibrator itself.
    "entropy of 2,048 bins": (CalibrationMethod.Entropy, {"num_bins": 2048}),
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


def method(kind, per_channel=True, weights=QuantType.QInt8):
    calibrate_method, calibrator_options = KINDS[kind]

    def quantise(source, target, name, samples):
        create = quantization.create_calibrator

        def create_with_options(*args, extra_options=None, **kwargs):
            return create(*args, extra_options={**(extra_options or {}), **calibrator_options}, **kwargs)

        quantization.create_calibrator = create_with_options
        try:
            quantize_static(
                source,
                target,
                Samples(name, samples),
                quant_format=QuantFormat.QDQ,
                per_channel=per_channel,
                activation_type=QuantType.QUInt8,
                weight_type=weights,
                calibrate_method=calibrate_method,
            )
        finally:
            quantization.create_calibrator = create

    return quantise


METHODS = {
    **{f"onnxruntime, {kind}": method(kind) for kind in KINDS},
    **{f"onnxruntime, {kind}, per-tensor weights": method(kind, per_channel=False) for kind in KINDS},
    "onnxruntime, percentile, 4-bit weights": method("percentile", weights=QuantType.QInt4),
}
