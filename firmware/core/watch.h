/* A motion has to get somewhere, the same way as the drive (R1, F9 to F11). The twin of simulator/watch.py. */
#ifndef BASCULE_WATCH_H
#define BASCULE_WATCH_H

#include <stdbool.h>
#include <stdint.h>

/* What a motion ends with that got nowhere. */
enum fault {
    FAULT_NONE = 0,
    FAULT_STALLED = 1,
    FAULT_BLIND_ENDED = 2,
    FAULT_NO_PROGRESS = 3,
    FAULT_WRONG_WAY = 4,
};

/* Whether the table follows the drive at all, and the same way, by one sensor. What was asked for is summed up as rates
 * tick by tick: a fiftieth of a hundredth of a degree each, and a 256th of that for the part that asks for motion. */
struct progress {
    int32_t from_q16;
    int32_t commanded;
    int32_t asked_q8;
    uint8_t ticks;
    bool begun;
};

/* The table rests. */
void progress_reset(struct progress *progress);

/* One tick of driving at a commanded rate; whether it gets nowhere (F11) or the wrong way (F9). `asked_q16`
 * is the part of the rate that should move the table, where the rest only holds a load. */
enum fault progress_tick(struct progress *progress, int32_t angle_q16, int16_t rate_cdps, int32_t asked_q16);

/* Whether the motor draws what a motor draws that stands still (F10, H7): one tick at this part of full power, ±32767.
 * `ticks` counts those on end. */
bool stall_tick(uint8_t *ticks, uint16_t current_ma, int16_t power);

#endif
