// Codes of two bits in 256-bit registers, and sums of their products in 16 bits.
#pragma once

// Steps of 16 columns after which a sum is widened: 10 * 4 * 2 products of at most 3 * 127 stay within int16. (A code of 3 is the value
// +2, which some formats have.)
enum { CT_STEPS = 10 };

// The codes of bit pair k, each in its byte.
#define CT_CODES(word, k) _mm256_and_si256(_mm256_srli_epi32(word, 2 * (k)), _mm256_set1_epi8(3))
