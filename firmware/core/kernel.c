#include "kernel.h"

#include "apart.h"

/* ---- causes and rung -------------------------------------------------------------------------------------------- */

/* H15: on the head-up side nothing but REFUSE and HOLD. */
uint8_t kernel_rung(uint32_t active, uint32_t latched, bool head_down)
{
    const uint32_t causes = active | latched;
    const bool wished = head_down && (active & CAUSE_LEVEL_WISHED) != 0;
    const uint32_t holding = wished ? active : causes;

    if (causes == 0) {
        return (uint8_t)RUNG_NONE;
    }
    if ((holding & HOLD_MASK) != 0 || (latched & CAUSE_WRONG_WAY) != 0) {
        return (uint8_t)RUNG_HOLD;
    }
    if (head_down && (wished || (causes & CAUSE_PERSON_LOST) == 0)) {
        if ((causes & BLIND_MASK) != 0) {
            return (uint8_t)RUNG_BLIND_LEVEL;
        }
        if ((causes & LEVEL_MASK) != 0) {
            return (uint8_t)RUNG_LEVEL;
        }
    }
    return (uint8_t)RUNG_REFUSE;
}

uint8_t kernel_reaction(uint8_t rung_now, uint32_t active, bool leased)
{
    if (rung_now == (uint8_t)RUNG_HOLD && (active & HOLD_MASK) != 0) {
        return (uint8_t)REST;
    }
    if ((active & CAUSE_STOPPED) != 0) {
        return (uint8_t)BRAKE;
    }
    if (rung_now == (uint8_t)RUNG_HOLD) {
        return (uint8_t)REST;
    }
    if (rung_now == (uint8_t)RUNG_BLIND_LEVEL) {
        return (uint8_t)RETURN_BLIND;
    }
    if (rung_now == (uint8_t)RUNG_LEVEL) {
        return (uint8_t)RETURN;
    }
    return leased ? (uint8_t)FOLLOW : (uint8_t)BRAKE;
}

uint32_t kernel_stop(uint32_t active, bool repeated)
{
    if (repeated && (active & CAUSE_FROZEN_LONG) != 0) {
        return active;
    }
    return (active & ~(CAUSE_LEVEL_WISHED | CAUSE_FROZEN_LONG)) | CAUSE_STOPPED;
}

bool kernel_restarts_freeze(bool repeated, uint8_t restarts)
{
    return !repeated && restarts < FREEZE_RESTARTS;
}

/* H1: head down, 20 s of a freeze become a return. */
uint32_t kernel_thaw(uint32_t active, bool head_down, bool driven, uint32_t frozen_ms)
{
    if ((active & CAUSE_STOPPED) != 0 && head_down && !driven && frozen_ms >= FROZEN_MS) {
        return (active & ~CAUSE_STOPPED) | CAUSE_FROZEN_LONG;
    }
    return active;
}

/* F24: a wish is not kept for later, the release of an emergency stop moves nothing. */
uint32_t kernel_wish_level(uint32_t active, bool head_down)
{
    uint32_t after = active;

    if ((active & HOLD_MASK) != 0) {
        return active;
    }
    after &= ~(CAUSE_STOPPED | CAUSE_FROZEN_LONG);
    return head_down ? after | CAUSE_LEVEL_WISHED : after;
}

uint32_t kernel_begin(uint32_t active)
{
    return active & ~(CAUSE_STOPPED | CAUSE_LEASE_EXPIRED);
}

/* F2, F17. */
uint32_t kernel_judge_host(uint32_t active, bool silent, bool expired, bool head_down, bool moving)
{
    uint32_t after = active;

    if (expired && moving) {
        after |= CAUSE_LEASE_EXPIRED;
    }
    if (silent) {
        return after | CAUSE_HOST_SILENT;
    }
    if (head_down) {
        return after;
    }
    after &= ~CAUSE_HOST_SILENT;
    return moving ? after : after & ~CAUSE_LEASE_EXPIRED;
}

/* F25, F26. */
uint32_t kernel_judge_person(bool occupied, bool ankles_locked, bool concerned)
{
    if (!concerned || (occupied && ankles_locked)) {
        return 0;
    }
    if (occupied) {
        return CAUSE_ANKLES_OPEN;
    }
    return ankles_locked ? CAUSE_OCCUPANT_LOST : CAUSE_PERSON_LOST;
}

bool kernel_voids(uint32_t before, uint32_t active)
{
    /* What is released voids in both directions. */
    return ((active ^ before) & ((active & VOIDING) | RELEASED)) != 0;
}

uint32_t kernel_settle(uint32_t active, bool head_down, bool moving, bool at_level)
{
    if (head_down || moving) {
        return active;
    }
    return at_level ? active & ~(ENDS_AT_LEVEL | CAUSE_STOPPED) : active & ~ENDS_AT_LEVEL;
}

uint32_t kernel_latch(uint32_t latched, uint32_t active)
{
    return latched | (active & LATCHING_MASK);
}

uint32_t kernel_acknowledge(uint32_t latched, uint32_t active, bool head_down)
{
    return head_down ? latched : latched & active;
}

/* ---- grants ----------------------------------------------------------------------------------------------------- */

/* A time before `since_ms` is far beyond any lease, modulo 2^32. */
bool kernel_lease_runs(uint32_t since_ms, uint16_t asked_ms, uint32_t now_ms)
{
    const uint16_t lasts_ms = asked_ms < LEASE_LIMIT_MS ? asked_ms : LEASE_LIMIT_MS;

    return now_ms - since_ms <= lasts_ms;
}

/* H4. */
uint8_t kernel_refuse_setpoint(uint16_t quoted_stop_count, uint16_t stop_count, uint8_t rung_now, bool frozen,
                               bool trusted, bool secured, bool armed, int16_t target_cdeg, int16_t angle_cdeg)
{
    if (quoted_stop_count != stop_count) {
        return (uint8_t)REJECT_VOID_STOP_COUNT;
    }
    if (rung_now >= (uint8_t)RUNG_LEVEL || !trusted || frozen) {
        return (uint8_t)REJECT_LATCHED;
    }
    if (!secured) {
        return (uint8_t)REJECT_INTERLOCK;
    }
    return !armed && target_cdeg > (int32_t)angle_cdeg + RISING_CDEG ? (uint8_t)REJECT_NOT_ARMED : 0u;
}

uint8_t kernel_refuse_arm(uint16_t quoted_stop_count, uint16_t stop_count, bool secured, bool moving, bool trusted,
                          bool head_down, uint32_t active, uint32_t latched)
{
    if (quoted_stop_count != stop_count) {
        return (uint8_t)REJECT_VOID_STOP_COUNT;
    }
    if (!secured) {
        return (uint8_t)REJECT_INTERLOCK;
    }
    if (moving) {
        return (uint8_t)REJECT_NOT_AT_REST;
    }
    return kernel_may_arm(active, latched, true, true, trusted, false, head_down) ? 0u : (uint8_t)REJECT_LATCHED;
}

bool kernel_may_arm(uint32_t active, uint32_t latched, bool occupied, bool ankles_locked, bool trusted, bool moving,
                    bool head_down)
{
    return occupied && ankles_locked && trusted && !moving && !head_down && latched == 0 &&
           (active & BLOCKING_MASK) == 0;
}

bool kernel_may_increase(bool armed, bool leased, bool trusted, uint32_t active, uint32_t latched,
                         int32_t time_left_ms)
{
    return armed && leased && trusted && active == 0 && latched == 0 && time_left_ms > 0;
}

bool kernel_may_follow(bool occupied, bool ankles_locked, bool trusted)
{
    return occupied && ankles_locked && trusted;
}

/* ---- angle and rate --------------------------------------------------------------------------------------------- */

int16_t kernel_limit(int16_t own_cdeg, int16_t asked_cdeg)
{
    return asked_cdeg < own_cdeg ? asked_cdeg : own_cdeg;
}

/* F14. */
bool kernel_over_angle(int16_t worst_cdeg, int16_t limit_cdeg)
{
    const int32_t from_cdeg = limit_cdeg > 0 ? limit_cdeg : 0;

    return worst_cdeg > from_cdeg + OVER_ANGLE_MARGIN_CDEG;
}

int16_t kernel_target(int32_t asked_cdeg, int16_t limit_cdeg, int16_t lowest_cdeg)
{
    const int32_t tightest_cdeg = asked_cdeg < limit_cdeg ? asked_cdeg : limit_cdeg;

    return tightest_cdeg > lowest_cdeg ? (int16_t)tightest_cdeg : lowest_cdeg;
}

int16_t kernel_braking(int16_t last_cdps)
{
    if (last_cdps > BRAKING_STEP_CDPS) {
        return (int16_t)(last_cdps - BRAKING_STEP_CDPS);
    }
    return last_cdps < -BRAKING_UP_STEP_CDPS ? (int16_t)(last_cdps + BRAKING_UP_STEP_CDPS) : 0;
}

/* H6. */
int16_t kernel_rate(int16_t wanted_cdps, int16_t cap_cdps, bool increase, int16_t worst_cdeg, int16_t limit_cdeg)
{
    if (wanted_cdps > 0 && (!increase || worst_cdeg >= (int32_t)limit_cdeg + OVER_ANGLE_MARGIN_CDEG)) {
        return 0;
    }
    if (wanted_cdps > cap_cdps) {
        return cap_cdps;
    }
    return wanted_cdps > -cap_cdps ? wanted_cdps : (int16_t)-cap_cdps;
}

int16_t kernel_drive(int16_t last_cdps, int16_t wanted_cdps, int16_t cap_cdps, bool increase, int16_t worst_cdeg,
                     int16_t limit_cdeg)
{
    const int16_t out_cdps = kernel_rate(wanted_cdps, cap_cdps, increase, worst_cdeg, limit_cdeg);

    return out_cdps == 0 && last_cdps > 0 ? kernel_braking(last_cdps) : out_cdps;
}

int16_t kernel_drive_home(int16_t last_cdps, int16_t wanted_cdps, int16_t cap_cdps)
{
    if (last_cdps > 0 || last_cdps < -cap_cdps) {
        return kernel_braking(last_cdps);
    }
    return kernel_rate(wanted_cdps, cap_cdps, false, 0, 0);
}

int16_t kernel_drive_blind(int16_t last_cdps)
{
    if (last_cdps > 0 || last_cdps < BLIND_CDPS) {
        return kernel_braking(last_cdps);
    }
    return last_cdps > BLIND_CDPS + BLIND_STEP_CDPS ? (int16_t)(last_cdps - BLIND_STEP_CDPS) : BLIND_CDPS;
}

/* F10. */
int16_t kernel_drive_back(int16_t last_cdps)
{
    if (last_cdps > 0 || last_cdps < BACK_OFF_CDPS) {
        return 0;
    }
    return last_cdps > BACK_OFF_CDPS + BLIND_STEP_CDPS ? (int16_t)(last_cdps - BLIND_STEP_CDPS) : BACK_OFF_CDPS;
}

/* H7. */
int16_t kernel_return_rate_cap(bool stopped, bool ankles_open)
{
    return stopped || ankles_open ? SLOW_RATE_CDPS : HARD_RATE_CDPS;
}

/* ---- head-down time --------------------------------------------------------------------------------------------- */

APART static uint32_t sum_ms(uint32_t one_ms, uint32_t other_ms)
{
    const uint32_t both_ms = one_ms + other_ms;

    return both_ms < one_ms ? UINT32_MAX : both_ms;
}

uint32_t kernel_count_ms(uint32_t count_ms, int16_t worst_cdeg, uint32_t elapsed_ms)
{
    return worst_cdeg > EXPOSED_CDEG ? sum_ms(count_ms, elapsed_ms) : count_ms;
}

uint32_t kernel_below_ms(uint32_t below_ms, int16_t worst_cdeg, uint32_t elapsed_ms)
{
    return worst_cdeg <= EXPOSED_CDEG ? sum_ms(below_ms, elapsed_ms) : 0u;
}

bool kernel_episode_over(uint32_t below_ms)
{
    return below_ms >= EPISODE_END_MS;
}

int16_t kernel_strictest_cdeg(int16_t strictest_cdeg, int16_t worst_cdeg)
{
    return worst_cdeg > EXPOSED_CDEG && worst_cdeg > strictest_cdeg ? worst_cdeg : strictest_cdeg;
}

uint32_t kernel_continuous_limit_ms(int16_t strictest_cdeg)
{
    if (strictest_cdeg <= 1500 + TOLERANCE_CDEG) {
        return UINT32_C(600000);
    }
    if (strictest_cdeg <= 3000 + TOLERANCE_CDEG) {
        return UINT32_C(300000);
    }
    if (strictest_cdeg <= 4500 + TOLERANCE_CDEG) {
        return UINT32_C(180000);
    }
    return UINT32_C(120000);
}
