/* The tilt unit: bytes and readings in, bytes and motor command out. It trusts nobody. The twin of simulator/unit.py.
 *
 * `unit_sample` every 10 ms, then every 20 ms `unit_tick`; between them `unit_receive` for each byte that came, and
 * `unit_transmit` for as long as it gives frames. Times in milliseconds since this unit started. */
#ifndef BASCULE_UNIT_H
#define BASCULE_UNIT_H

#include <stdbool.h>
#include <stdint.h>

#include "angle.h"
#include "exposure.h"
#include "grant.h"
#include "ladder.h"
#include "link.h"
#include "memory.h"
#include "motion.h"
#include "readings.h"
#include "supply.h"

#define FIRMWARE_MAJOR 1u
#define FIRMWARE_MINOR 0u
#define FIRMWARE_PATCH 0u

/* The small and often used first: the chip reaches the first 64 bytes of a structure in one step. */
struct unit {
    uint32_t now_ms;
    uint8_t arm_presses;
    bool arm_button;
    bool secured;
    bool silent;
    bool settled;
    bool siren;
    bool tells_identity;
    bool tells_telemetry;
    struct grant grant;
    struct ladder ladder;
    struct memory memory;
    struct supply supply;
    struct exposure exposure;
    struct angle angle;
    struct motion motion;
    uint8_t telemetry[TELEMETRY_SIZE];
    struct link link;
    uint32_t number;
};

/* One run, from a reset to the next, after `unit->memory` was filled with what survived. `entropy` makes its first
 * nonce unpredictable. `number`: of this unit. */
void unit_start(struct unit *unit, uint32_t entropy, uint32_t number);

/* One reading of both angle sensors, every 10 ms. */
void unit_sample(struct unit *unit, int16_t bed_cdeg, int16_t drive_cdeg);

/* One byte from the host, obeyed at once as of the last tick's time. */
void unit_receive(struct unit *unit, uint8_t byte);

/* One round of control, every 20 ms, with the newest readings. */
struct command unit_tick(struct unit *unit, uint32_t now_ms, const struct readings *readings);

/* The next frame to send, of at most FRAME_LIMIT bytes; how many it has, or 0 if there is none. */
uint8_t unit_transmit(struct unit *unit, uint8_t *frame);

#endif
