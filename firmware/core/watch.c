#include "watch.h"

#include "fixed.h"

#define TICKS_PER_S 50
#define PROGRESS_Q16 Q16(50)
#define PROGRESS_TICKS 150u
#define COMMANDED_Q8 (INT32_C(150) * TICKS_PER_S * 256)
#define WRONG_WAY_Q16 Q16(150)
/* Sums end here, a hundred times what they are compared with, after hours of holding a load. */
#define SUM_LIMIT INT32_C(1000000000)
#define STALL_MA 8500u
#define STALL_FULL_MA 20000u
#define STALL_TICKS 10u
#define FULL_POWER 32767u

void progress_reset(struct progress *progress)
{
    *progress = (struct progress){0};
}

static void start_over(struct progress *progress, int32_t angle_q16)
{
    progress_reset(progress);
    progress->from_q16 = angle_q16;
    progress->begun = true;
}

enum fault progress_tick(struct progress *progress, int32_t angle_q16, int16_t rate_cdps, int32_t asked_q16)
{
    int32_t moved_q16;

    if (!progress->begun || opposed(progress->commanded, rate_cdps)) {
        /* Where the drive turns round, what was asked for before is no measure any more. */
        start_over(progress, angle_q16);
        return FAULT_NONE;
    }
    progress->commanded = within(progress->commanded + rate_cdps, SUM_LIMIT);
    progress->asked_q8 = within(progress->asked_q8 + divided(asked_q16, 256), SUM_LIMIT);
    progress->ticks = counted(progress->ticks);
    if (progress->commanded == 0) {
        return FAULT_NONE;
    }
    moved_q16 = angle_q16 - progress->from_q16;
    if (progress->commanded < 0) {
        moved_q16 = -moved_q16;
    }
    if (moved_q16 >= PROGRESS_Q16) {
        start_over(progress, angle_q16);
        return FAULT_NONE;
    }
    if (moved_q16 <= -WRONG_WAY_Q16) {
        return FAULT_WRONG_WAY;
    }
    if (progress->ticks >= PROGRESS_TICKS && size_of(progress->asked_q8) >= COMMANDED_Q8) {
        return FAULT_NO_PROGRESS;
    }
    return FAULT_NONE;
}

bool stall_tick(uint8_t *ticks, uint16_t current_ma, int16_t power)
{
    uint16_t limit_ma = (uint16_t)share(size_of(power), STALL_FULL_MA, FULL_POWER);

    if (limit_ma < STALL_MA) {
        limit_ma = STALL_MA;
    }
    return lasted(ticks, current_ma > limit_ma, STALL_TICKS);
}
