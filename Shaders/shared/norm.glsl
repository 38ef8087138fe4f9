// What the fused and the unfused norm share. The includer includes exact.glsl and workgroup.glsl.
#ifndef NORM_GLSL
#define NORM_GLSL

const float BITLINEAR_EPSILON = 1e-6;

float add_squares(float sum, vec4 v) {
    precise float s = sum;
    s = s + settled_product(v.x, v.x);
    s = s + settled_product(v.y, v.y);
    s = s + settled_product(v.z, v.z);
    s = s + settled_product(v.w, v.w);
    return s;
}

// The factor that is still missing from each weighted value. lane_sums[0] holds the squares of the inner norm's row, lane_sums[1]
// the outer one's where there is one.
float norm_root_inverse(float inverse_width, bool has_outer, float outer_epsilon) {
    precise float mean = tree_sum(0) * inverse_width;
    if (!has_outer) {
        precise float biased = mean + BITLINEAR_EPSILON;
        return exact_rsqrt(biased);
    }
    precise float outer_mean = tree_sum(1) * inverse_width;
    precise float outer_biased = outer_mean + outer_epsilon;
    const float outer_inverse = exact_rsqrt(outer_biased);
    precise float squared = outer_inverse * outer_inverse;
    precise float inner_mean = mean * squared;
    precise float biased = inner_mean + BITLINEAR_EPSILON;
    precise float inverse = outer_inverse * exact_rsqrt(biased);
    return inverse;
}

#endif
