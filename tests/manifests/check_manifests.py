"""Checks manifests against the schemas of Kubernetes and KServe; prints each resource.

Usage: check_manifests.py FILE...

Kubernetes' own resources are checked against its JSON schemas, strictly: no
unknown field. KServe's are checked against the classes of its client, which are
generated from the same definitions as its custom resources.
"""

import importlib.util
import re
import sys
import types

import kubernetes.client
import kubernetes_validate
import yaml

PRIMITIVE = {"str": str, "int": int, "bool": bool, "float": (int, float)}


def kserve_models():
    """The module kserve.models without the rest of kserve, which needs much more."""
    package = types.ModuleType("kserve")
    package.__path__ = importlib.util.find_spec("kserve").submodule_search_locations
    sys.modules["kserve"] = package
    return importlib.import_module("kserve.models")


MODELS = kserve_models()


def check(value, kind, path):
    """Checks a value against a type of OpenAPI's Python generator."""
    if match := re.fullmatch(r"[lL]ist\[(.*)\]", kind):
        expect(isinstance(value, list), path, kind)
        for index, item in enumerate(value):
            check(item, match[1], f"{path}[{index}]")
    elif match := re.fullmatch(r"[dD]ict\(?\[?\w+, (.*?)[)\]]", kind):
        expect(isinstance(value, dict), path, kind)
        for name, item in value.items():
            check(item, match[1], f"{path}.{name}")
    elif kind in PRIMITIVE:
        expect(isinstance(value, PRIMITIVE[kind]), path, kind)
    elif kind != "object":
        check_object(value, kind, path)


def check_object(value, kind, path):
    model = getattr(MODELS, kind, None) or getattr(kubernetes.client, kind)
    fields = {name: field for field, name in model.attribute_map.items()}
    for name, item in value.items():
        expect(name in fields, f"{path}.{name}", "no field")
        check(item, model.openapi_types[fields[name]], f"{path}.{name}")
    try:
        model(**{fields[name]: item for name, item in value.items()})
    except ValueError as error:  # a required field is absent
        raise SystemExit(f"{path}: {error}") from error


def expect(holds, path, kind):
    if not holds:
        raise SystemExit(f"{path}: {kind} expected")


for file in sys.argv[1:]:
    with open(file, encoding="utf-8") as text:
        for resource in yaml.safe_load_all(text):
            if resource["apiVersion"].startswith("serving.kserve.io/"):
                version = resource["apiVersion"].split("/")[1].capitalize()
                check(resource, version + resource["kind"], resource["kind"])
            else:
                kubernetes_validate.validate(resource, "1.37", strict=True)
            print(resource["kind"])
