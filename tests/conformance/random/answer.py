"""Runs networks with onnxruntime for the process that started it.

Requests and answers are a length in four bytes, little-endian, a header in JSON of that length, and arrays.
A request holds networks with sets of float32 inputs; an answer has for each set its outputs as float32, or an error.
"""

import json
import struct
import sys

import numpy
import onnxruntime

OPTIONS = onnxruntime.SessionOptions()
OPTIONS.log_severity_level = 4
OPTIONS.intra_op_num_threads = 1
OPTIONS.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL


def read(size):
    data = sys.stdin.buffer.read(size)
    if len(data) < size:
        sys.exit(0)
    return data


def read_array(spec):
    shape = spec["shape"]
    count = int(numpy.prod(shape, dtype=numpy.int64))
    return numpy.frombuffer(read(4 * count), numpy.float32).reshape(shape)


def answer(network, arrays):
    data = read(network["bytes"])
    sets = [{spec["name"]: read_array(spec) for spec in inputs} for inputs in network["sets"]]
    try:
        session = onnxruntime.InferenceSession(data, OPTIONS, providers=["CPUExecutionProvider"])
    except Exception as error:
        return [{"error": str(error)} for _ in sets]
    names = [output.name for output in session.get_outputs()]
    answers = []
    for inputs in sets:
        try:
            results = [numpy.asarray(result) for result in session.run(names, inputs)]
        except Exception as error:
            answers.append({"error": str(error)})
            continue
        arrays.extend(result.astype("<f4").tobytes() for result in results)
        answers.append({"outputs": [{"name": n, "shape": r.shape} for n, r in zip(names, results)]})
    return answers


while True:
    (size,) = struct.unpack("<I", read(4))
    arrays = []
    answers = [answer(network, arrays) for network in json.loads(read(size))]
    header = json.dumps(answers).encode()
    sys.stdout.buffer.write(struct.pack("<I", len(header)) + header + b"".join(arrays))
    sys.stdout.buffer.flush()
