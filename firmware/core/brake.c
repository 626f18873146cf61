#include "brake.h"

#include "apart.h"
#include "fixed.h"

#define SLIP_Q16 Q16(150)
#define BITTEN_TICKS 25u
#define ANY_WAY 2

/* Which way it went: 1, -1, 0 if not far enough, or, where the sensor fails, ANY_WAY. */
APART static int8_t slipped(const struct channel *channel, int32_t from_q16)
{
    const int32_t moved_q16 = channel->smooth_q16 - from_q16;

    if (channel->failing) {
        return ANY_WAY;
    }
    if (size_of(moved_q16) < SLIP_Q16) {
        return 0;
    }
    return moved_q16 < 0 ? -1 : 1;
}

bool brake_watch_tick(struct brake_watch *watch, bool held, const struct voter *voter)
{
    int8_t bed_way;
    int8_t drive_way;

    if (!held) {
        watch->ticks = 0;
        return false;
    }
    if (watch->ticks < BITTEN_TICKS) {
        watch->ticks++;
        watch->bed_q16 = voter->bed.smooth_q16;
        watch->drive_q16 = voter->drive.smooth_q16;
        return false;
    }
    bed_way = slipped(&voter->bed, watch->bed_q16);
    drive_way = slipped(&voter->drive, watch->drive_q16);
    /* One alone that moves away is a sensor's fault. */
    if (bed_way == 0 || drive_way == 0 || bed_way == -drive_way) {
        return false;
    }
    watch->ticks = 0;
    return true;
}
