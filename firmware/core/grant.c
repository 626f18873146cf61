#include "grant.h"

#include "fixed.h"
#include "kernel.h"

#define SECOND_MS 1000

void grant_start(struct grant *grant)
{
    *grant = (struct grant){0};
    grant->limit_cdeg = HARD_LIMIT_CDEG;
}

void grant_arm(struct grant *grant)
{
    grant->armed = true;
    grant->leased = false;
    grant->limit_cdeg = HARD_LIMIT_CDEG;
}

void grant_lease(struct grant *grant, const struct from_host *setpoint, uint32_t now_ms)
{
    grant->leased = true;
    grant->limit_cdeg = kernel_limit(HARD_LIMIT_CDEG, setpoint->limit_cdeg);
    grant->asked_cdeg = setpoint->target_cdeg;
    grant->rate_cdps = setpoint->rate_cdps;
    grant->since_ms = now_ms;
    grant->asked_ms = setpoint->lease_ms;
}

void grant_release(struct grant *grant)
{
    grant->armed = false;
    grant->leased = false;
}

bool grant_expired(const struct grant *grant, uint32_t now_ms)
{
    return grant->leased && !kernel_lease_runs(grant->since_ms, grant->asked_ms, now_ms);
}

int16_t grant_target_cdeg(const struct grant *grant, uint32_t now_ms)
{
    const uint32_t since_ms = now_ms - grant->since_ms;
    const int32_t passed_ms = since_ms < LEASE_LIMIT_MS ? (int32_t)since_ms : (int32_t)LEASE_LIMIT_MS;
    const int32_t moved = grant->rate_cdps * passed_ms;
    const int32_t half = moved < 0 ? -SECOND_MS / 2 : SECOND_MS / 2;

    return kernel_target(grant->asked_cdeg + divided(moved + half, SECOND_MS), grant->limit_cdeg, LOWEST_CDEG);
}
