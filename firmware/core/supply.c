#include "supply.h"

#include "fixed.h"
#include "kernel.h"

#define LOW_MV 11000u
#define RECOVERED_MV 11500u
#define CRITICAL_MV 10000u
#define LOW_TICKS 25u
#define CRITICAL_TICKS 5u
#define ONE_Q27 INT32_C(134217728)
/* Q27, because a tick adds a thirty-thousandth of the difference: one of 0.0003 still counts, and 9, the heat that 30 A
 * tend to, fits into 32 bits. */
#define WARM_Q27 (ONE_Q27 / 10 * 7)
#define HOT_Q27 (ONE_Q27 / 10 * 8)
#define COOLED_Q27 (ONE_Q27 / 10 * 6)
#define HEATING_TICKS 30000
#define CURRENT_LIMIT_MA 30000u
/* (1 mA / 10 A)² in Q27 is 1.3422: thousandths of a square milliampere times 1342. */
#define SQUARE_STEP 1000u
#define LOAD_PER_STEP 1342
#define MOST_PERCENT 250
/* What is remembered may be damaged and pass its checksum: no heat is below none, or beyond what 30 A tend to. */
#define HEAT_LIMIT_Q27 (9 * ONE_Q27)

void supply_start(struct supply *supply)
{
    *supply = (struct supply){0};
}

static int32_t heated_q27(int32_t heat_q27, uint16_t current_ma)
{
    const uint16_t ma = current_ma < CURRENT_LIMIT_MA ? current_ma : CURRENT_LIMIT_MA;
    const int32_t load_q27 = share(ma, ma, SQUARE_STEP) * LOAD_PER_STEP;
    const int32_t from_q27 = most_of(least(heat_q27, HEAT_LIMIT_Q27), 0);

    return from_q27 + divided(load_q27 - from_q27, HEATING_TICKS);
}

void supply_tick(struct supply *supply, struct memory *memory, uint16_t supply_mv, uint16_t current_ma)
{
    uint32_t causes = supply->causes;

    memory->heat_q27 = heated_q27(memory->heat_q27, current_ma);
    if (lasted(&supply->low_ticks, supply_mv < LOW_MV, LOW_TICKS)) {
        causes |= CAUSE_SUPPLY_LOW;
    } else if (supply_mv >= RECOVERED_MV) {
        causes &= ~CAUSE_SUPPLY_LOW;
    } else {
        /* Between the two it stays as it was. */
    }
    if (lasted(&supply->critical_ticks, supply_mv < CRITICAL_MV, CRITICAL_TICKS)) {
        causes |= CAUSE_SUPPLY_CRITICAL;
    } else {
        causes &= ~CAUSE_SUPPLY_CRITICAL;
    }
    if (memory->heat_q27 >= HOT_Q27) {
        causes |= CAUSE_MOTOR_WARM | CAUSE_MOTOR_HOT;
    } else if (memory->heat_q27 >= WARM_Q27) {
        causes |= CAUSE_MOTOR_WARM;
    } else if (memory->heat_q27 < COOLED_Q27) {
        causes &= ~(CAUSE_MOTOR_WARM | CAUSE_MOTOR_HOT);
    } else {
        /* Between the two it stays as it was. */
    }
    supply->causes = causes;
}

uint8_t supply_heat_percent(const struct memory *memory)
{
    /* In 1/2^20, so that a hundred times it fits. */
    const int32_t heat_q20 = divided(memory->heat_q27, 128);
    const int32_t percent = divided(divided(heat_q20 * 100 + ONE_Q27 / 256, 1024), 1024);

    return percent < MOST_PERCENT ? (uint8_t)percent : (uint8_t)MOST_PERCENT;
}
