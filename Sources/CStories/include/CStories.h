#pragma once
#include <stddef.h>

/// The built-in model's GGUF file. C because Swift cannot embed a file of this size.
const void *cstories_bytes(void);
size_t cstories_byte_count(void);
