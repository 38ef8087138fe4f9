// What the fused and the unfused norm share. The includer includes exact.glsl and workgroup.glsl.
#ifndef NORM_GLSL
#define NORM_GLSL

// settle(x * x), x at most 2^50 in magnitude.
float settled_square(float x) {
    precise float square = x * x;
    return square < EXACT_SMALLEST ? 0.0 : min(square, EXACT_LARGEST);
}

float add_squares(float sum, vec4 v) {
    precise float s = sum;
    s = s + settled_square(v.x);
    s = s + settled_square(v.y);
    s = s + settled_square(v.z);
    s = s + settled_square(v.w);
    return s;
}

// Adds the squares of settle(x * weight). What settling makes zero has a square that becomes zero all the same, and the sign is lost.
float add_weighted_squares(float sum, vec4 x, vec4 weight) {
    precise vec4 product = x * weight;
    return add_squares(sum, min(abs(product), EXACT_LARGEST));
}

// The factor that is still missing from each weighted value after `chain` norms. lane_sums[0] holds the squares of the inner norm's row,
// lane_sums[1] the outer one's where there is one.
float norm_root_inverse(float inverse_width, uint chain, float outer_epsilon, float inner_epsilon) {
    if (chain == 0) return 1.0;
    precise float mean = tree_sum(0) * inverse_width;
    if (chain == 1) {
        precise float biased = mean + inner_epsilon;
        return exact_rsqrt(biased);
    }
    precise float outer_mean = tree_sum(1) * inverse_width;
    precise float outer_biased = outer_mean + outer_epsilon;
    const float outer_inverse = exact_rsqrt(outer_biased);
    precise float squared = outer_inverse * outer_inverse;
    precise float inner_mean = mean * squared;
    precise float biased = inner_mean + inner_epsilon;
    precise float inverse = outer_inverse * exact_rsqrt(biased);
    return inverse;
}

#endif
