"""NNCF's post-training quantisation: its defaults, and what it has for accuracy."""

import logging

import nncf
import onnx

logging.getLogger("nncf").setLevel(logging.ERROR)


def method(**options):
    def quantise(source, target, name, samples):
        data = nncf.Dataset(samples, lambda sample: {name: sample[None]})
        quantised = nncf.quantize(onnx.load(source), data, subset_size=len(samples), **options)
        onnx.save(quantised, target)

    return quantise


METHODS = {
    "NNCF": method(),
    "NNCF, mixed preset": method(preset=nncf.QuantizationPreset.MIXED),
    "NNCF, mixed preset, accurate bias correction": method(
        preset=nncf.QuantizationPreset.MIXED, fast_bias_correction=False
    ),
}
