/* What the host was granted: to increase the angle (armed), and to move at all for half a second (the lease). The twin
 * of simulator/grant.py. */
#ifndef BASCULE_GRANT_H
#define BASCULE_GRANT_H

#include <stdbool.h>
#include <stdint.h>

#include "wire.h"

struct grant {
    uint32_t since_ms;
    uint16_t asked_ms;
    int16_t asked_cdeg;
    int16_t rate_cdps;
    int16_t limit_cdeg;
    bool armed;
    bool leased;
};

void grant_start(struct grant *grant);

/* The angle may be increased; nothing is leased yet. */
void grant_arm(struct grant *grant);

/* Follow this setpoint until its lease ends. */
void grant_lease(struct grant *grant, const struct from_host *setpoint, uint32_t now_ms);

/* Nothing is granted any more; what moves, brakes. */
void grant_release(struct grant *grant);

/* Whether a lease has run out unrenewed. */
bool grant_expired(const struct grant *grant, uint32_t now_ms);

/* Where the setpoint is by now: extrapolated by its own rate, within limit and travel. */
int16_t grant_target_cdeg(const struct grant *grant, uint32_t now_ms);

#endif
