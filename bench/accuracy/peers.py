"""Other tools' quantised networks, and Octet's, beside the float network: rows of the tables of docs/accuracy.md.

`deno run -A bench/accuracy/peers.ts` installs the tools and runs this. Images are uint8 [N, H, W, 3] of the network's
own size. quant_pre_process folds batch normalisation first, for all tools but Octet; onnxruntime runs what they made.
Times are those of quantising. All tools may use as many cores as Octet is given threads, where the system can bind.
"""

import argparse
import contextlib
import functools
import importlib
import json
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnxruntime.quantization.shape_inference import quant_pre_process

import measures
import octet_methods
from peers_table import table_of

TOOLS = ("onnxruntime", "nncf", "quark", "octet")
PATHS = ("model", "data", "eval", "labels")


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--data", required=True, help="images to calibrate on")
    parser.add_argument("--eval", required=True, help="images to evaluate on")
    parser.add_argument("--labels", required=True)
    parser.add_argument("--mean", required=True)
    parser.add_argument("--std", required=True)
    parser.add_argument("--tools", nargs="+", choices=TOOLS, default=TOOLS)
    parser.add_argument("--methods", default="", help="only methods whose names hold this text")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rows", help="JSON file of rows: keeps what it holds of other methods")
    arguments = parser.parse_args()
    # Quark leaves files in the working folder, so that another one is used.
    for name in PATHS:
        setattr(arguments, name, str(Path(getattr(arguments, name)).resolve()))
    arguments.rows = arguments.rows and Path(arguments.rows).resolve()
    return arguments


def read_samples(path, arguments):
    """Images as the network takes them, float32 [N, 3, H, W]."""
    mean, std = (np.array(text.split(","), np.float32)[None, :, None, None] for text in (arguments.mean, arguments.std))
    return ((np.load(path).transpose(0, 3, 1, 2) / np.float32(255) - mean) / std).astype(np.float32)


def logits_of(path, samples):
    """First output for every sample, [N, classes]."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return np.concatenate([session.run(None, {name: sample[None]})[0] for sample in samples])


def timed(run):
    """Seconds that a function takes: of the clock, and of all processors."""
    clock, processors = time.perf_counter(), sum(os.times()[:4])
    # Tools print what they do.
    with contextlib.redirect_stdout(sys.stderr):
        run()
    return {"seconds": time.perf_counter() - clock, "cpuSeconds": sum(os.times()[:4]) - processors}


class Job:
    """A network with its images, which methods are measured on, in a folder for what they write."""

    def __init__(self, arguments, folder):
        self.arguments = arguments
        self.calibration, self.evaluation = (read_samples(path, arguments) for path in (arguments.data, arguments.eval))
        self.labels = np.load(arguments.labels).astype(np.int64)
        self.name = onnx.load(arguments.model).graph.input[0].name
        self.exact = logits_of(arguments.model, self.evaluation)
        self.source, self.target, self.bundle = (
            str(Path(folder) / name) for name in ("prepared.onnx", "quantised.onnx", "quantised.octet")
        )
        quant_pre_process(arguments.model, self.source)

    def describe(self):
        """The line above the table; rows of one table have the same."""
        images = f"{len(self.calibration)} images to calibrate, {len(self.evaluation)} to evaluate"
        top1 = 100 * (measures.ranks_of(self.exact, self.labels) < 1).mean()
        return f"{Path(self.arguments.model).stem}, {images}, float top-1 {top1:.2f} %:"

    def measure(self, tool, method):
        """The figures and times of a method of a tool."""
        if tool == "octet":
            seconds = timed(functools.partial(octet_methods.quantise, method, self.arguments, self.bundle))
            return {**seconds, **octet_methods.measures_of(self.bundle, self.arguments)}
        Path(self.target).unlink(missing_ok=True)
        seconds = timed(functools.partial(method, self.source, self.target, self.name, self.calibration))
        logits = logits_of(self.target, self.evaluation)
        return {**seconds, **measures.measures_of(self.exact, logits, self.labels)}


def read_rows(path, title):
    """Rows that a file holds, by their methods."""
    if not path or not path.exists():
        return {}
    kept = json.loads(path.read_text())
    if kept["title"] != title:
        raise SystemExit(f"{path} holds rows of another table: {kept['title']} Give another file")
    return {row["method"]: row for row in kept["rows"]}


def main():
    arguments = read_arguments()
    failed = []
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: arguments.threads])
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        job = Job(arguments, folder)
        title = job.describe()
        rows = read_rows(arguments.rows, title)
        for tool in arguments.tools:
            for name, method in importlib.import_module(f"{tool}_methods").METHODS.items():
                if arguments.methods not in name:
                    continue
                try:
                    rows[name] = {"method": name, **job.measure(tool, method)}
                except Exception:
                    failed.append(f"{name}: {traceback.format_exc().splitlines()[-1]}")
                    continue
                if arguments.rows:
                    kept = {"title": title, "rows": list(rows.values())}
                    arguments.rows.write_text(json.dumps(kept, indent=1) + "\n")
    print("\n".join([title, "", table_of(rows.values()), *failed]))
    if failed:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
