"""Decorates every float addition, subtraction and multiplication of a SPIR-V binary with NoContraction, in place.

GLSL's `precise` does that for most of them, but the compiler loses it on some in loops, and a driver that then fuses a product and a sum
gives other bits. Operations whose order or rounding Vulkan leaves open (dot products, fma) are refused.

    scripts/no-contraction.py BINARY
"""
import struct
import sys

NO_CONTRACTION = 42
OP_EXT_INST, OP_DECORATE = 12, 71
ANNOTATIONS = range(71, 76)
ROUNDED = {129, 131, 133, 142}  # OpFAdd, OpFSub, OpFMul, OpVectorTimesScalar
REFUSED = {143: "OpMatrixTimesScalar", 144: "OpVectorTimesMatrix", 145: "OpMatrixTimesVector", 146: "OpMatrixTimesMatrix", 148: "OpDot"}
FMA = 50  # of GLSL.std.450


def instructions(words):
    at = 5
    while at < len(words):
        count, op = words[at] >> 16, words[at] & 0xFFFF
        if count == 0:
            sys.exit("not a SPIR-V binary")
        yield at, count, op
        at += count


def main(path):
    with open(path, "rb") as file:
        data = file.read()
    words = list(struct.unpack(f"<{len(data) // 4}I", data))
    decorated, rounded, end = set(), [], None
    for at, count, op in instructions(words):
        if op == OP_DECORATE and words[at + 2] == NO_CONTRACTION:
            decorated.add(words[at + 1])
        if op in ANNOTATIONS:
            end = at + count
        if op in ROUNDED:
            rounded.append(words[at + 2])
        if op in REFUSED or (op == OP_EXT_INST and words[at + 4] == FMA):
            sys.exit(f"{path}: {REFUSED.get(op, 'fma')} has no defined rounding")
    missing = [result for result in rounded if result not in decorated]
    if not missing:
        return
    extra = [word for result in missing for word in (3 << 16 | OP_DECORATE, result, NO_CONTRACTION)]
    words[end:end] = extra
    with open(path, "wb") as file:
        file.write(struct.pack(f"<{len(words)}I", *words))


main(sys.argv[1])
