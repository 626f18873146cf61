/* Time: a tick each millisecond, and the watchdog that restarts a unit which completes no round of its control. */
#ifndef BASCULE_CLOCK_H
#define BASCULE_CLOCK_H

#include <stdint.h>

void clock_start(void);

/* Milliseconds since the start, modulo 2^32. */
uint32_t clock_ms(void);

/* F6: called in one place only, after a completed round of control. 250 ms without it, and the chip restarts. */
void clock_feed_watchdog(void);

#endif
