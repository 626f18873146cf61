/* The unit's own count of head-down time: ever, and in the running episode. The twin of simulator/exposure.py. */
#ifndef BASCULE_EXPOSURE_H
#define BASCULE_EXPOSURE_H

#include <stdint.h>

#include "memory.h"

struct exposure {
    uint32_t below_ms;
    /* What is left of this episode; 0 when it is over its time. */
    uint32_t left_ms;
};

void exposure_start(struct exposure *exposure, const struct memory *memory);

/* Account for the last `elapsed_ms` at this angle, the more head-down of the two sensors. */
void exposure_tick(struct exposure *exposure, struct memory *memory, int16_t worst_cdeg, uint32_t elapsed_ms);

#endif
