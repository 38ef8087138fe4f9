// Reductions over a work group of 256 invocations, in the order that docs/EXACT.md fixes. The includer defines LANE_SUMS, how many
// rows of lanes there are.
#ifndef WORKGROUP_GLSL
#define WORKGROUP_GLSL

const uint WG_SIZE = 256;
layout(constant_id = 0) const uint SUBGROUP = 32;  // the device's subgroup size, 8 to 128
layout(local_size_x = 256) in;

const uint SUBGROUPS = WG_SIZE / SUBGROUP;

shared float lane_sums[LANE_SUMS][WG_SIZE];

// The halving tree 128, 64, ... 1 over 256 lanes. Each subgroup does all of it for itself: strides of a subgroup or more are
// additions of shared values in tree order, the rest a butterfly, whose sums equal the tree's because a + b = b + a.
float tree_sum(uint which) {
    precise float value[SUBGROUPS];
    for (uint k = 0; k < SUBGROUPS; ++k) value[k] = lane_sums[which][gl_SubgroupInvocationID + k * SUBGROUP];
    for (uint half_count = SUBGROUPS / 2; half_count > 0; half_count /= 2) {
        for (uint k = 0; k < half_count; ++k) value[k] = value[k] + value[k + half_count];
    }
    precise float sum = value[0];
    for (uint stride = SUBGROUP / 2; stride > 0; stride /= 2) sum = sum + subgroupShuffleXor(sum, stride);
    return sum;
}

#endif
