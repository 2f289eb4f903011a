"""AMD Quark's static quantisation: u8 activations, s8 weights per channel, and what it has for accuracy."""

from onnxruntime_methods import Samples
from quark.onnx import ModelQuantizer
from quark.onnx.quantization.config import QConfig
from quark.onnx.quantization.config.algorithm import AdaQuantConfig, CLEConfig
from quark.onnx.quantization.config.spec import CalibMethod, Int8Spec, QLayerConfig, QuantGranularity, UInt8Spec


def method(calibration, *algorithms):
    def quantise(source, target, name, samples):
        layers = QLayerConfig(
            activation=UInt8Spec(calibration_method=calibration),
            weight=Int8Spec(
                symmetric=True, calibration_method=CalibMethod.MinMax, quant_granularity=QuantGranularity.Channel
            ),
        )
        config = QConfig(global_config=layers, algo_config=list(algorithms))
        ModelQuantizer(config).quantize_model(source, target, Samples(name, samples))

    return quantise


METHODS = {
    "quark percentile": method(CalibMethod.Percentile),
    "quark percentile, CLE": method(CalibMethod.Percentile, CLEConfig()),
    "quark percentile, CLE, AdaQuant": method(CalibMethod.Percentile, CLEConfig(), AdaQuantConfig()),
    "quark MinMSE, CLE, AdaQuant": method(CalibMethod.MinMSE, CLEConfig(), AdaQuantConfig()),
}
