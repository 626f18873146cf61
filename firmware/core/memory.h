/* What the unit remembers through a reset: counters and latches in memory that a reset does not clear. The twin of
 * simulator/memory.py. A checksum says whether it survived: what a power cut leaves is not believed. */
#ifndef BASCULE_MEMORY_H
#define BASCULE_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

struct memory {
    uint32_t latched;
    uint32_t boots;
    uint32_t uptime_ms;
    uint32_t head_down_s;
    uint32_t episode_ms;
    /* Of the motor, as a part of what it may take, in 1/2^27. */
    int32_t heat_q27;
    uint16_t head_down_rest_ms;
    uint16_t id;
    uint16_t stop_count;
    int16_t strictest_cdeg;
    bool exposed;
    bool slow;
    /* Over all that stands above. */
    uint16_t check;
};

/* A run begins. F5: a second reset in 60 s latches; the stop count moves on, so that no old frame fits. */
void memory_boot(struct memory *memory, uint32_t entropy);

/* After a tick: what it changed is remembered whole. A reset in the middle of one leaves a checksum that is wrong, and
 * that is a lost memory: the shell keeps two and writes them in turn. */
void memory_seal(struct memory *memory);

bool memory_valid(const struct memory *memory);

/* Count so many milliseconds of head-down time. */
void memory_count(struct memory *memory, uint32_t counted_ms);

#endif
