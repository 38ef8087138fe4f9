#version 450
// y[i] = FACTOR * x[i] + offset, for whole words; compiled into ScaleShader.swift as it says there.
layout(constant_id = 0) const uint WG_SIZE = 64;
layout(constant_id = 1) const uint FACTOR = 1;
layout(local_size_x_id = 0) in;
layout(push_constant) uniform Params { uint count; uint offset; } params;
layout(std430, set = 0, binding = 0) readonly buffer X { uint x[]; };
layout(std430, set = 0, binding = 1) writeonly buffer Y { uint y[]; };

void main() {
    const uint i = gl_GlobalInvocationID.x;
    if (i < params.count) y[i] = FACTOR * x[i] + params.offset;
}
