// A template as prologue.glsl, included after it: waits for a row that other work groups publish from slot `first` on, and takes a lane's
// vectors of it.
void NAME(take)(uint first, uint tag, out vec4 row[NAME(VECTORS_EACH)]) {
    for (uint tries = 0;; ++tries) {
        bool is_there = true;
        [[unroll]] for (uint i = 0; i < NAME(VECTORS_EACH); ++i) {
            [[unroll]] for (uint k = 0; k < 4; ++k) {
                const uvec2 seen = peek(first + NAME(vector)(i) * 4 + k);
                row[i][k] = uintBitsToFloat(seen.x);
                is_there = is_there && seen.y == tag;
            }
        }
        if (is_there || has_waited_too_long(tries)) break;
    }
}
