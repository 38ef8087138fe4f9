#!/usr/bin/env python3
"""Copies a GGUF file under another architecture's name: rename_architecture.py SOURCE DESTINATION NAME.

llama.cpp computes BitNet b1.58 2B-4T's shape only as `bitnet`, the name of models with SiLU; `bitnet-b1.58`, with squared ReLU, it does
not know. For measurements alone: what such a copy says is nonsense.
"""
import shutil
import struct
import sys

STRING, ARRAY = 8, 9
SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}  # of GGUF's other types of values


def main(source, destination, name):
    with open(source, "rb") as file:

        def number(form):
            return struct.unpack("<" + form, exactly(struct.calcsize("<" + form)))[0]

        def exactly(count):
            data = file.read(count)
            if len(data) != count:
                sys.exit(f"{source}: ends in the header")
            return data

        def string():
            return exactly(number("Q"))

        def value(kind):
            if kind == STRING:
                return packed(string())
            if kind == ARRAY:
                element, count = number("I"), number("Q")
                values = b"".join(packed(string()) for _ in range(count)) if element == STRING else exactly(count * SIZES[element])
                return struct.pack("<IQ", element, count) + values
            return exactly(SIZES[kind])

        def packed(text):
            return struct.pack("<Q", len(text)) + text

        if exactly(4) != b"GGUF":
            sys.exit(f"{source}: not a GGUF file")
        version, tensors, pairs = number("I"), number("Q"), number("Q")
        header, old, alignment = b"GGUF" + struct.pack("<IQQ", version, tensors, pairs), None, 32
        for _ in range(pairs):
            key, kind = string(), number("I")
            content = value(kind)
            if key == b"general.architecture":
                old, content = content[8:], packed(name.encode())
            elif key == b"general.alignment":
                alignment = struct.unpack("<I", content)[0]
            elif old and key.startswith(old + b"."):
                key = name.encode() + key[len(old) :]
            header += packed(key) + struct.pack("<I", kind) + content
        if old is None:
            sys.exit(f"{source}: names no architecture")
        for _ in range(tensors):
            tensor, dimensions = string(), number("I")
            header += packed(tensor) + struct.pack("<I", dimensions) + exactly(8 * dimensions + 12)
        file.seek(-file.tell() % alignment, 1)
        with open(destination, "wb") as copy:
            copy.write(header + b"\0" * (-len(header) % alignment))
            shutil.copyfileobj(file, copy, 1 << 24)


if len(sys.argv) != 4:
    sys.exit(__doc__)
main(*sys.argv[1:])
