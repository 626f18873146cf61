/* The ladder: which causes are at work, which are latched, and so the rung. The twin of simulator/ladder.py.
 *
 * Active causes are at work now; latched ones, in the memory, wait for a person's acknowledgement. Causes latch,
 * actions don't: what only led home (a stop, a silent host, a time limit) ends at level. */
#ifndef BASCULE_LADDER_H
#define BASCULE_LADDER_H

#include <stdbool.h>
#include <stdint.h>

#include "angle.h"
#include "brake.h"
#include "grant.h"
#include "memory.h"
#include "readings.h"

/* `occupied`, `ankles_locked`: without their bounces. `voids`: what was wished before is void. */
struct ladder {
    uint32_t active;
    uint8_t rung;
    bool voids;
    bool occupied;
    bool ankles_locked;
    bool frozen;
    bool stopped;
    uint32_t frozen_ms;
    uint32_t stopped_ms;
    uint8_t deep_ticks;
    uint8_t fast_ticks;
    uint8_t open_ticks;
    uint8_t empty_ticks;
    uint8_t restarts;
    struct brake_watch brake;
};

/* What else the ladder judges by, at one tick. `others`: causes that are judged elsewhere. */
struct situation {
    uint32_t now_ms;
    uint32_t others;
    bool over_time;
    bool silent;
    bool driven;
    bool braked;
};

void ladder_start(struct ladder *ladder, const struct memory *memory);

/* Whether an ankle lock is open, or was when this return began. */
bool ladder_unlocked(const struct ladder *ladder);

/* Freeze whatever moves, a return included. The 20 s begin again with a further stop, at most three times an episode;
 * a flood of one and the same stop does not hold the return up that follows. */
void ladder_stop(struct ladder *ladder, struct memory *memory, uint32_t now_ms);

/* Whether a return begins: not on the head-up side, and never for a wish made while something holds. `head_down`: or
 * still on the way there, because a brake on the way up through level may end beyond it. */
bool ladder_wish_level(struct ladder *ladder, bool head_down);

/* A deliberate new grant or lease ends a freeze on the head-up side. */
void ladder_unfreeze(struct ladder *ladder, struct memory *memory);

/* A motion ended in a fault; whoever wished it has to wish again. It is told at once. */
void ladder_fail(struct ladder *ladder, struct memory *memory, uint32_t cause, bool head_down);

/* Gather the causes at work, latch those that latch, take back the grant where one forbids it; the rung. */
void ladder_judge(struct ladder *ladder, struct memory *memory, struct grant *grant, const struct angle *angle,
                  const struct readings *readings, const struct situation *now);

#endif
