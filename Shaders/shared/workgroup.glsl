// Reductions over a work group of 256 invocations, in the order that docs/EXACT.md fixes. The includer defines LANE_SUMS, how
// many rows of lanes there are, and LANE_PEAKS where there is more than one of peaks.
#ifndef WORKGROUP_GLSL
#define WORKGROUP_GLSL

const uint WG_SIZE = 256;
layout(constant_id = 0) const uint SUBGROUP = 32;  // the device's subgroup size, 8 to 128
layout(local_size_x = 256) in;

const uint SUBGROUPS = WG_SIZE / SUBGROUP;

shared float lane_sums[LANE_SUMS][WG_SIZE];
#ifndef LANE_PEAKS
#define LANE_PEAKS 1
#endif
shared float lane_peaks[LANE_PEAKS][WG_SIZE];

// Reductions over a subgroup by exchanges. Vulkan's own are one instruction on some devices, but NVIDIA's compiler (driver 580.159.04)
// guards that instruction by the wrong predicate where it cannot tell that a whole subgroup comes there, and leaves it out.
int subgroup_sum(int sum) {
    for (uint stride = SUBGROUP / 2; stride > 0; stride /= 2) sum += subgroupShuffleXor(sum, stride);
    return sum;
}

// Sums of a subgroup's four rows: invocation i gets row i % 4's. Two rows change hands, then one, so that it takes three exchanges more
// than one row's sum and not four times as many.
int subgroup_row_sum(ivec4 sum) {
    const bool is_odd = (gl_SubgroupInvocationID & 1) != 0;
    const ivec2 two = (is_odd ? sum.yw : sum.xz) + subgroupShuffleXor(is_odd ? sum.xz : sum.yw, 1);
    const bool is_upper = (gl_SubgroupInvocationID & 2) != 0;
    int one = (is_upper ? two.y : two.x) + subgroupShuffleXor(is_upper ? two.x : two.y, 2);
    for (uint stride = 4; stride < SUBGROUP; stride *= 2) one += subgroupShuffleXor(one, stride);
    return one;
}

// The largest of a value in every lane of the work group, after a barrier; every subgroup finds it for itself.
float largest_of(uint which) {
    float value = lane_peaks[which][gl_SubgroupInvocationID];
    for (uint k = 1; k < SUBGROUPS; ++k) value = max(value, lane_peaks[which][gl_SubgroupInvocationID + k * SUBGROUP]);
    for (uint stride = SUBGROUP / 2; stride > 0; stride /= 2) value = max(value, subgroupShuffleXor(value, stride));
    return value;
}

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
