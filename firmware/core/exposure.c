#include "exposure.h"

#include "apart.h"
#include "kernel.h"

APART static uint32_t left_ms(const struct memory *memory)
{
    const uint32_t limit_ms = kernel_continuous_limit_ms(memory->strictest_cdeg);

    return limit_ms > memory->episode_ms ? limit_ms - memory->episode_ms : 0u;
}

void exposure_start(struct exposure *exposure, const struct memory *memory)
{
    exposure->below_ms = 0;
    exposure->left_ms = left_ms(memory);
}

void exposure_tick(struct exposure *exposure, struct memory *memory, int16_t worst_cdeg, uint32_t elapsed_ms)
{
    memory->exposed = worst_cdeg > EXPOSED_CDEG;
    exposure->below_ms = kernel_below_ms(exposure->below_ms, worst_cdeg, elapsed_ms);
    if (memory->exposed) {
        memory_count(memory, elapsed_ms);
        memory->strictest_cdeg = kernel_strictest_cdeg(memory->strictest_cdeg, worst_cdeg);
    } else if (memory->episode_ms > 0 && kernel_episode_over(exposure->below_ms)) {
        memory->episode_ms = 0;
        memory->strictest_cdeg = 0;
    } else {
        /* No episode runs, or it is not over yet. */
    }
    exposure->left_ms = left_ms(memory);
}
