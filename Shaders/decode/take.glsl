// A template as prologue.glsl, included after it: waits for a row that other work groups publish from slot `first` on, an even one, and
// takes a lane's vectors of it.
void NAME(take)(uint first, uint tag, out vec4 row[NAME(VECTORS_EACH)]) {
    for (uint tries = 0;; ++tries) {
        bool is_there = true;
        [[unroll]] for (uint i = 0; i < NAME(VECTORS_EACH); ++i) {
            const uvec4 low = peek(first + NAME(vector)(i) * 4);
            const uvec4 high = peek(first + NAME(vector)(i) * 4 + 2);
            row[i] = uintBitsToFloat(uvec4(low.xz, high.xz));
            is_there = is_there && all(equal(uvec4(low.yw, high.yw), uvec4(tag)));
        }
        if (is_there || has_waited_too_long(tries)) break;
    }
}
