/* Everything the unit senses, brought up to date at each tick. Both switches that a person has on the table count as
 * off where their loop is open. */
#ifndef BASCULE_READINGS_H
#define BASCULE_READINGS_H

#include <stdbool.h>
#include <stdint.h>

struct readings {
    int16_t bed_cdeg;
    int16_t drive_cdeg;
    uint16_t current_ma;
    uint16_t supply_mv;
    bool occupied;
    bool ankles_locked;
    bool estop;
    bool lowering;
    bool arm_button;
    bool head_down_side;
    bool end_head_down;
    bool end_head_up;
};

#endif
