#include "brake.h"

#include "fixed.h"

#define SLIP_Q16 Q16(150)
#define BITTEN_TICKS 25u

bool brake_watch_tick(struct brake_watch *watch, bool held, const struct voter *voter)
{
    const struct channel *const bed = &voter->bed;
    const struct channel *const drive = &voter->drive;
    int32_t moved_q16;
    int32_t other_q16;

    if (!held) {
        watch->ticks = 0;
        return false;
    }
    if (watch->ticks < BITTEN_TICKS) {
        watch->ticks++;
        watch->bed_q16 = bed->smooth_q16;
        watch->drive_q16 = drive->smooth_q16;
        return false;
    }
    moved_q16 = bed->smooth_q16 - watch->bed_q16;
    if (size_of(moved_q16) < SLIP_Q16 && !bed->failing) {
        return false;
    }
    other_q16 = drive->smooth_q16 - watch->drive_q16;
    if (size_of(other_q16) < SLIP_Q16 && !drive->failing) {
        return false;
    }
    /* One alone that moves away is a sensor's fault. */
    if (!(bed->failing || drive->failing || !opposed(moved_q16, other_q16))) {
        return false;
    }
    watch->ticks = 0;
    return true;
}
