/* What the unit believes of the angle: one angle and rate out of two judged sensors, and which side is head down. The
 * twin of simulator/angle.py. Limits are judged on the more head-down of the two. */
#ifndef BASCULE_ANGLE_H
#define BASCULE_ANGLE_H

#include <stdbool.h>
#include <stdint.h>

#include "voting.h"

/* `speed_q16` is what both sensors show at least. While it is not trusted, `angle_q16` and `worst_cdeg` are the last
 * that were. Before it was ever trusted, `worst_cdeg` is the hard limit. */
struct angle {
    int32_t angle_q16;
    int32_t rate_q16;
    int32_t speed_q16;
    uint32_t causes;
    int16_t worst_cdeg;
    uint8_t fast_ticks;
    uint8_t side_ticks;
    bool side_lost;
    bool head_down;
    bool trusted;
    bool moving;
    struct voter voter;
};

void angle_start(struct angle *angle);

/* What the samples say by now. A return ends at 0°, not already at the edge of level. `latched` are the causes that
 * wait for an acknowledgement: what failed before is suspected first. */
void angle_judge(struct angle *angle, bool head_down_side, bool returning, uint32_t latched);

/* How fast the table is by the faster of the healthy sensors. */
int32_t angle_fastest_q16(const struct angle *angle);

/* The angle for the count of head-down time: one that is not known counts as head down on that side. */
int16_t angle_exposed_cdeg(const struct angle *angle);

#endif
