/* Whether the brake holds (F13): a table that turns although nothing drives it and the brake is on. The twin of
 * simulator/brake.py. */
#ifndef BASCULE_BRAKE_H
#define BASCULE_BRAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "voting.h"

struct brake_watch {
    int32_t bed_q16;
    int32_t drive_q16;
    uint8_t ticks;
};

/* One tick; `held`: braked, not lowered by hand, and the angle is trusted. True once for each slip. */
bool brake_watch_tick(struct brake_watch *watch, bool held, const struct voter *voter);

#endif
