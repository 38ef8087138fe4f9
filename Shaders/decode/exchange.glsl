// How work groups that run at the same time hand rows to each other. A value and its tag are one 64-bit word, written and read by atomics
// without any ordering: who sees the tag has the value, so there is no barrier between work groups, no flag and no fence.
//
// A slot is written again only after every work group has read it: each phase depends on all values of the phase before, so whoever
// publishes phase P + 1 has read P, and nobody can publish P anew before all of P + 1 is there.
#ifndef EXCHANGE_GLSL
#define EXCHANGE_GLSL

shared uint row_missing;  // not 0: a row did not come

void publish(uint slot, uint word, uint tag) {
    atomicStore(slots[slot], packUint2x32(uvec2(word, tag)), gl_ScopeDevice, gl_StorageSemanticsNone, gl_SemanticsRelaxed);
}

void publish(uint slot, float value, uint tag) { publish(slot, floatBitsToUint(value), tag); }

// The words and the tags of a slot and of the next; the slot is even.
uvec4 peek(uint slot) { return slot_pairs[slot / 2]; }

// The watchdog: a work group that does not run would leave the others waiting for ever. Once a row is missing, nobody waits any more, and
// the dispatch ends soon, its results void.
bool has_waited_too_long(uint tries) {
    if (row_missing != 0) return true;
    if (tries % 256 != 255) return false;
    if (tries < job.patience && atomicLoad(failed_epoch, gl_ScopeDevice, gl_StorageSemanticsNone, gl_SemanticsRelaxed) != job.epoch) {
        return false;
    }
    atomicStore(failed_epoch, job.epoch, gl_ScopeDevice, gl_StorageSemanticsNone, gl_SemanticsRelaxed);
    atomicOr(row_missing, 1);
    return true;
}

#endif
