#pragma once

#include <stddef.h>

// Files mapped for reading. In C because what is done when a page cannot be read is done in a signal handler, which Swift cannot be.

/// Maps the first bytes of a file, so that its memory is shared with whoever else maps it.
///
/// A page that cannot be read, because the file was cut short or its disk failed, ends the process with exit code 2 and one line on
/// standard error that names the file and the byte; SIGBUS of any other origin goes where it went before the first call.
///
/// @param path for that line; longer ones are cut.
/// @return NULL where the file cannot be mapped, or too many are.
const void *cmap_open(int descriptor, size_t byte_count, const char *path);

/// Ends a mapping.
void cmap_close(const void *start, size_t byte_count);

/// Maps the pages of a range at once instead of one by one when they are touched, where the system knows how. Advice only.
void cmap_populate(const void *start, size_t byte_count);
