// Passes over a vocabulary's logits that must not cost a token's time: Swift's vector types do not compile to vector code.
#pragma once

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

// Where the largest of count values first stands; count is not 0 and no value is NaN.
size_t ct_argmax(const float *values, size_t count);

// Takes count words into eight lanes of a hash, word i into lane i % 8. A step is a bijection of the lane, so a difference in
// one word is never lost.
void ct_hash(uint32_t lanes[_Nonnull 8], const float *values, size_t count);

#pragma clang assume_nonnull end
