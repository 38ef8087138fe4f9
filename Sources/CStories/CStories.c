#include "CStories.h"

// Aligned as the tensors inside ask to be.
_Alignas(64) static const unsigned char stories[] = {
#embed "stories.gguf"
};

const void *cstories_bytes(void) { return stories; }

size_t cstories_byte_count(void) { return sizeof stories; }
