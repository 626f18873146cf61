/* What the motor lives on: the voltage of its supply (F16), and how hot it may still get (F15). The twin of
 * simulator/supply.py. */
#ifndef BASCULE_SUPPLY_H
#define BASCULE_SUPPLY_H

#include <stdint.h>

#include "memory.h"

struct supply {
    uint32_t causes;
    uint8_t low_ticks;
    uint8_t critical_ticks;
};

void supply_start(struct supply *supply);

/* One tick at this voltage and motor current. */
void supply_tick(struct supply *supply, struct memory *memory, uint16_t supply_mv, uint16_t current_ma);

/* The heat as telemetry tells it. */
uint8_t supply_heat_percent(const struct memory *memory);

#endif
