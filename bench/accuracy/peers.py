"""Other tools' 8-bit networks beside the float network, laid out as `deno task compare` lays out Octet's.

`deno run -A bench/accuracy/peers.ts` installs the tools and runs this. Images are uint8 [N, H, W, 3] of the network's
own size. quant_pre_process folds batch normalisation first, for all tools; all results are run by onnxruntime.
"""

import argparse
import contextlib
import importlib
import tempfile
import time
import traceback
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnxruntime.quantization.shape_inference import quant_pre_process

import measures

TOOLS = ("onnxruntime", "nncf", "quark")


def logits_of(path, samples):
    """First output for every sample, [N, classes]."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return np.concatenate([session.run(None, {name: sample[None]})[0] for sample in samples])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--data", required=True)
    parser.add_argument("--eval", required=True)
    parser.add_argument("--labels", required=True)
    parser.add_argument("--mean", required=True)
    parser.add_argument("--std", required=True)
    parser.add_argument("--tools", nargs="+", choices=TOOLS, default=TOOLS)
    parser.add_argument("--methods", default="", help="only methods whose names hold this text")
    arguments = parser.parse_args()
    mean, std = (np.array(text.split(","), np.float32)[None, :, None, None] for text in (arguments.mean, arguments.std))

    def prepared_samples(path):
        images = np.load(path)
        return ((images.transpose(0, 3, 1, 2) / np.float32(255) - mean) / std).astype(np.float32)

    calibration, evaluation = prepared_samples(arguments.data), prepared_samples(arguments.eval)
    labels = np.load(arguments.labels).astype(np.int64)
    name = onnx.load(arguments.model).graph.input[0].name
    exact = logits_of(arguments.model, evaluation)
    print(f"{len(calibration)} calibration and {len(evaluation)} evaluation images; figures ± their standard errors")
    print(f"float32: top-1 {100 * (measures.ranks_of(exact, labels) < 1).mean():.2f} %", flush=True)
    lines, failed = [], []
    model = Path(arguments.model).resolve()
    # Quark leaves files in the working folder.
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        source, target = Path(folder) / "prepared.onnx", Path(folder) / "quantised.onnx"
        quant_pre_process(str(model), str(source))
        for tool in arguments.tools:
            for method, quantise in importlib.import_module(f"{tool}_methods").METHODS.items():
                if arguments.methods not in method:
                    continue
                target.unlink(missing_ok=True)
                start = time.perf_counter()
                try:
                    quantise(str(source), str(target), name, calibration)
                    seconds = time.perf_counter() - start
                    lines.append(measures.row(method, exact, logits_of(target, evaluation), labels, seconds))
                except Exception:
                    failed.append(f"{method}: {traceback.format_exc().splitlines()[-1]}")
    print("\n".join([measures.HEAD, *(line for _, line in sorted(lines)), *failed]))
    if failed:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
