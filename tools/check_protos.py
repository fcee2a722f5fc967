#!/usr/bin/env python3
"""Compares the hand-kept protobuf subsets in api/ with the full protos they are taken from.

Every message, field (number, type, label, oneof) and enum value of ours must exist there under the same name. The full
protos are looked for in the folder that RIPSTOP_FULL_PROTOS names (the package's `deps`), and are otherwise installed
by npm from third_party/protos, whose lock file holds the package's hash. Needs protoc; nothing else.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Protos that the package does not have.
OWN = ("istio/", "grpc/")
INCLUDES = ("envoy-api", "googleapis", "protoc-gen-validate", "xds")


class Unavailable(Exception):
    """The full protos cannot be had here; the message says why."""


def fields_of(data):
    """The (number, value) pairs of one protobuf message: ints for varints, bytes for everything with a length."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        key = varint()
        kind = key & 7
        if kind == 0:
            yield key >> 3, varint()
        elif kind == 2:
            size = varint()
            yield key >> 3, data[at : at + size]
            at += size
        elif kind in (1, 5):
            at += 8 if kind == 1 else 4
        else:
            raise ValueError(f"wire type {kind} in a descriptor")


def collect(data):
    """Descriptor set -> {full message name: {field: shape}} and {full enum name: {value: number}}."""
    messages, enums = {}, {}

    def enum(prefix, body):
        name, values = "", {}
        for number, value in fields_of(body):
            if number == 1:
                name = value.decode()
            elif number == 2:
                entry = dict(fields_of(value))
                values[entry[1].decode()] = entry.get(2, 0)
        enums[f"{prefix}.{name}"] = values

    def message(prefix, body):
        parts = list(fields_of(body))
        name = prefix + "." + next(value.decode() for number, value in parts if number == 1)
        oneofs = [dict(fields_of(value))[1].decode() for number, value in parts if number == 8]
        shapes = {}
        for number, value in parts:
            if number == 2:
                entry = dict(fields_of(value))
                oneof = oneofs[entry[9]] if 9 in entry else None
                shapes[entry[1].decode()] = (entry[3], entry[4], entry[5], entry.get(6, b"").decode(), oneof)
            elif number == 3:
                message(name, value)
            elif number == 4:
                enum(name, value)
        messages[name] = shapes

    for _, file in fields_of(data):
        package = next((value.decode() for number, value in fields_of(file) if number == 2), "")
        for number, value in fields_of(file):
            if number == 4:
                message("." + package, value)
            elif number == 5:
                enum("." + package, value)
    return messages, enums


def compile_protos(includes, names):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder, "set.bin")
        command = ["protoc", *(f"-I{path}" for path in includes), f"--descriptor_set_out={out}", "--include_imports"]
        done = subprocess.run([*command, *names], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"protoc failed:\n{done.stderr}")
        return collect(out.read_bytes())


def full_protos(cache):
    """The folder with the full protos, installed into `cache` when no other is named."""
    named = os.environ.get("RIPSTOP_FULL_PROTOS")
    if named:
        return pathlib.Path(named)
    deps = cache / "node_modules/@grpc/grpc-js-xds/deps"
    if deps.is_dir():
        return deps
    if shutil.which("npm") is None:
        raise Unavailable("npm is not installed; set RIPSTOP_FULL_PROTOS to the full protos instead")
    cache.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / "third_party/protos" / name, cache)
    done = subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=cache, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise Unavailable(f"npm could not install the full protos: {done.stderr.strip().splitlines()[-1:]}")
    return deps


def include_paths(deps, scratch):
    """The include roots. The package's validate.proto is older than the protos that use it and lacks one option."""
    validate = scratch / "validate" / "validate.proto"
    validate.parent.mkdir()
    text = (deps / "protoc-gen-validate/validate/validate.proto").read_text()
    head = "message StringRules {"
    validate.write_text(text.replace(head, head + " optional bool ignore_empty = 2600;", 1))
    return [scratch, *(deps / name for name in INCLUDES)]


def differences(ours, full):
    """One sentence for each thing of ours that the full protos do not have in the same form."""
    found = []
    for name, fields in ours[0].items():
        theirs = full[0].get(name)
        if theirs is None:
            found.append(f"message {name} does not exist")
            continue
        for field, shape in fields.items():
            if field not in theirs:
                found.append(f"field {name}.{field} does not exist")
            elif theirs[field] != shape:
                found.append(f"field {name}.{field} is {theirs[field]} there and {shape} here")
    for name, values in ours[1].items():
        theirs = full[1].get(name)
        if theirs is None:
            found.append(f"enum {name} does not exist")
            continue
        for value, number in values.items():
            if theirs.get(value) != number:
                found.append(f"enum value {name}.{value} is {theirs.get(value)} there and {number} here")
    return found


def check(api, cache):
    names = sorted(str(path.relative_to(api)) for path in api.rglob("*.proto"))
    names = [name for name in names if not name.startswith(OWN)]
    deps = full_protos(cache)
    ours = compile_protos([api], names)
    with tempfile.TemporaryDirectory() as scratch:
        full = compile_protos(include_paths(deps, pathlib.Path(scratch)), names)
    return differences(ours, full)


def main():
    try:
        found = check(ROOT / "api", ROOT / "build/protos")
    except Unavailable as reason:
        print(f"skipped: {reason}")
        return 0
    for sentence in found:
        print(f"api/: {sentence}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
