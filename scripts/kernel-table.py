#!/usr/bin/env python3
"""Writes the typed table of compiled kernels from Shaders/variants.txt: kernel-table.py VARIANTS TREE.

A C file embeds each variant's SPIR-V, a header declares functions to get at it (Swift 6 refuses C globals), and a Swift enum names
them, so that a misspelt kernel does not compile.
"""
import pathlib
import re
import sys

variants, tree = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
names = [line.split()[0] for line in variants.read_text().splitlines() if re.match(r"[a-z]", line)]
if len(set(names)) != len(names):
    sys.exit(f"{variants}: a variant is named twice")
NOTE = "// Generated from Shaders/variants.txt by scripts/kernel-table.py; do not edit.\n"


def camel(name):
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def write(path, text):
    path = tree / path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


write(
    "Sources/CShaders/include/CShaders.h",
    NOTE + "#pragma once\n#include <stddef.h>\n\n"
    + "".join(f"const void *cshaders_{n}(void);\nsize_t cshaders_{n}_size(void);\n" for n in names))
write(
    "Sources/CShaders/CShaders.c",
    NOTE + '#include "CShaders.h"\n'
    + "".join(
        f"""
static const _Alignas(4) unsigned char {n}[] = {{
#embed "spv/{n}.spv"
}};
const void *cshaders_{n}(void) {{ return {n}; }}
size_t cshaders_{n}_size(void) {{ return sizeof {n}; }}
""" for n in names))
write(
    "Sources/TernaryKernels/CompiledKernels.swift",
    NOTE + """// swift-format-ignore-file
import CShaders
import VulkanCompute

/// The builds of the kernels.
enum CompiledKernels {
""" + "".join(
        f"""    static let {camel(n)} = ShaderCode(
        name: "{n}", bytes: UnsafeRawBufferPointer(start: cshaders_{n}(), count: cshaders_{n}_size()))
""" for n in names) + "}\n")
