"""Octet's own calibration, by its commands: bundles that Octet itself evaluates."""

import json
import subprocess
from pathlib import Path

PROJECT = Path(__file__).parents[2]

METHODS = {
    "**Octet**": [],
    "**Octet**, per-tensor weights": ["--weights", "per-tensor"],
    "**Octet**, 4-bit weights": ["--weight-bits", "4"],
    "**Octet**, `--precision fast`": ["--precision", "fast"],
    "**Octet**, `--precision best`": ["--precision", "best"],
    "**Octet**, `--precision best`, 4-bit weights": ["--precision", "best", "--weight-bits", "4"],
    "**Octet**, `--preset paper`": ["--preset", "paper"],
}


def task(*arguments):
    """Standard output of a task of the project."""
    command = ["deno", "task", "--quiet", *map(str, arguments)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return done.stdout


def quantise(options, arguments, target):
    """Writes a bundle. The time of it holds that of starting and of reading the images."""
    values = ["--data", arguments.data, "--mean", arguments.mean, "--std", arguments.std]
    task("calibrate", arguments.model, *values, "--threads", arguments.threads, "--output", target, *options)


def measures_of(bundle, arguments):
    """All figures of a bundle, as `measures.py` names them."""
    options = ["--data", arguments.eval, "--labels", arguments.labels, "--float", arguments.model]
    result = json.loads(task("evaluate", bundle, *options, "--json"))
    fidelity = {name: result["fidelity"][name] for name in ("divergence", "sqnr", "same")}
    return {**fidelity, "top1": result["top1"], "difference": result["difference"]}
