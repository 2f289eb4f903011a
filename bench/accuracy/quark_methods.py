"""AMD Quark's static quantisation: u8 activations, s8 weights per channel, and what it has for accuracy; XINT8 beside
it, its preset for NPUs, whose scales are powers of two."""

from onnxruntime_methods import Samples
from quark.onnx import ModelQuantizer
from quark.onnx.quantization.config import QConfig
from quark.onnx.quantization.config.algorithm import AdaQuantConfig, CLEConfig
from quark.onnx.quantization.config.spec import (
    CalibMethod,
    Int8Spec,
    QLayerConfig,
    QuantGranularity,
    UInt8Spec,
    XInt8Spec,
)


def method(layers, *algorithms, **options):
    def quantise(source, target, name, samples):
        # Quark changes the layers that it is given, so that each run makes its own.
        config = QConfig(global_config=layers(), algo_config=list(algorithms), extra_options=options)
        ModelQuantizer(config).quantize_model(source, target, Samples(name, samples))

    return quantise


def percentile():
    channels = QuantGranularity.Channel
    return QLayerConfig(
        activation=UInt8Spec(calibration_method=CalibMethod.Percentile),
        weight=Int8Spec(symmetric=True, calibration_method=CalibMethod.MinMax, quant_granularity=channels),
    )


def xint8():
    return QLayerConfig(activation=XInt8Spec(), weight=XInt8Spec())


METHODS = {
    "Quark, XINT8, CLE": method(xint8, CLEConfig(), ForceQuantizeNoInputCheck=True),
    "Quark, percentile": method(percentile),
    "Quark, percentile, CLE": method(percentile, CLEConfig()),
    # The default of 3,000 iterations takes minutes for each layer.
    "Quark, percentile, CLE, AdaQuant of 200 iterations": method(
        percentile, CLEConfig(), AdaQuantConfig(num_iterations=200)
    ),
}
