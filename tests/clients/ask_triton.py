"""Asks a server by Triton's own client and prints one JSON object of answers.

Usage: ask_triton.py HOST:PORT MODEL SAMPLES.npy

MODEL takes the samples, whole numbers, as its input "x" and gives "probabilities" and "table".
Arrays are printed as their bytes in hexadecimal.
"""

import json
import sys

import numpy
import tritonclient.http as http
from tritonclient.utils import InferenceServerException

address, model, samples = sys.argv[1:]
x = numpy.load(samples)
client = http.InferenceServerClient(address, concurrency=4)


def request(datatype="FP32", values=x, binary=True):
    tensor = http.InferInput("x", list(values.shape), datatype)
    tensor.set_data_from_numpy(values, binary_data=binary)
    return [tensor]


def outputs(binary=True, **parameters):
    return [
        http.InferRequestedOutput(name, binary_data=binary, **parameters)
        for name in ("probabilities", "table")
    ]


def tensors(result):
    return {name: result.as_numpy(name).tobytes().hex() for name in ("probabilities", "table")}


def refusal(call):
    try:
        call()
    except InferenceServerException as error:
        return [error.status(), error.message()]
    raise AssertionError("A refusal was expected")


identified = client.infer(model, request(), request_id="forty-two")
pending = [
    client.async_infer(model, request(), outputs=outputs(), request_id=str(number))
    for number in range(8)
]
asynchronous = [call.get_result() for call in pending]
classes = client.infer(model, request(), outputs=outputs(class_count=2))
answers = {
    "live": client.is_server_live(),
    "ready": client.is_server_ready(),
    "model ready": client.is_model_ready(model),
    "version ready": client.is_model_ready(model, "1"),
    "other model ready": client.is_model_ready("other"),
    "server": client.get_server_metadata(),
    "model": client.get_model_metadata(model),
    "version": client.get_model_metadata(model, "1"),
    "identity": identified.get_response()["id"],
    "classes": [text.decode() for text in classes.as_numpy("probabilities").flat],
    "asynchronous": [tensors(result) for result in asynchronous],
    "identities": [result.get_response()["id"] for result in asynchronous],
    "tensors": {
        "binary": tensors(identified),
        "chosen outputs": tensors(client.infer(model, request(), outputs=outputs())),
        "JSON": tensors(client.infer(model, request(binary=False), outputs=outputs(binary=False))),
        "JSON for binary": tensors(client.infer(model, request(binary=False), outputs=outputs())),
        "binary for JSON": tensors(client.infer(model, request(), outputs=outputs(binary=False))),
        "version": tensors(client.infer(model, request(), model_version="1")),
        "INT8": tensors(client.infer(model, request("INT8", x.astype("int8")))),
        "INT64": tensors(client.infer(model, request("INT64", x.astype("int64")))),
        "FP64 in JSON": tensors(client.infer(model, request("FP64", x.astype("float64"), False))),
        "gzip": tensors(client.infer(model, request(), request_compression_algorithm="gzip")),
        "deflate": tensors(client.infer(model, request(), request_compression_algorithm="deflate")),
        "gzip back": tensors(client.infer(model, request(), response_compression_algorithm="gzip")),
        "gzip of JSON": tensors(
            client.infer(
                model,
                request(binary=False),
                outputs=outputs(binary=False),
                request_compression_algorithm="gzip",
            )
        ),
    },
    "refusals": {
        "model": refusal(lambda: client.infer("other", request())),
        "version": refusal(lambda: client.infer(model, request(), model_version="2")),
        "shape": refusal(lambda: client.infer(model, request(values=x[:, :2]))),
        "output": refusal(
            lambda: client.infer(model, request(), outputs=[http.InferRequestedOutput("other")])
        ),
    },
}
answers["afterwards"] = tensors(client.infer(model, request(), outputs=outputs()))
client.close()
json.dump(answers, sys.stdout)
