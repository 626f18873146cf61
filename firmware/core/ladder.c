#include "ladder.h"

#include "fixed.h"
#include "kernel.h"

#define SAME_STOP_MS 500u
#define DEEP_TICKS 3u
#define FAST_TICKS 2u
#define OPEN_TICKS 5u
#define EMPTY_TICKS 25u

void ladder_start(struct ladder *ladder, const struct memory *memory)
{
    *ladder = (struct ladder){0};
    ladder->active = CAUSE_RESTARTED | CAUSE_HOST_SILENT;
    /* H9: what a restart latched holds at once; the next one may come before the sensors have settled. */
    ladder->rung = (memory->latched & HOLD_MASK) != 0 ? (uint8_t)RUNG_HOLD : (uint8_t)RUNG_REFUSE;
}

bool ladder_unlocked(const struct ladder *ladder)
{
    return (ladder->active & CAUSE_ANKLES_OPEN) != 0 || !ladder->ankles_locked;
}

void ladder_stop(struct ladder *ladder, struct memory *memory, uint32_t now_ms)
{
    const bool repeated = ladder->stopped && now_ms - ladder->stopped_ms < SAME_STOP_MS;

    ladder->stopped = true;
    ladder->stopped_ms = now_ms;
    ladder->active = kernel_stop(ladder->active, repeated);
    if ((ladder->active & CAUSE_STOPPED) == 0) {
        return;
    }
    if (!ladder->frozen) {
        ladder->frozen = true;
        ladder->frozen_ms = now_ms;
    } else if (kernel_restarts_freeze(repeated, ladder->restarts)) {
        ladder->restarts++;
        ladder->frozen_ms = now_ms;
    } else {
        /* It still freezes, but the return goes on from there. */
    }
    memory->slow = true;
}

bool ladder_wish_level(struct ladder *ladder, bool head_down)
{
    ladder->active = kernel_wish_level(ladder->active, head_down);
    return (ladder->active & CAUSE_LEVEL_WISHED) != 0;
}

void ladder_unfreeze(struct ladder *ladder, struct memory *memory)
{
    ladder->active = kernel_begin(ladder->active);
    ladder->frozen = false;
    memory->slow = false;
}

void ladder_fail(struct ladder *ladder, struct memory *memory, uint32_t cause, bool head_down)
{
    ladder->active &= ~CAUSE_LEVEL_WISHED;
    memory->latched = kernel_latch(memory->latched, cause);
    ladder->rung = kernel_rung(ladder->active, memory->latched, head_down);
}

/* The lease (brake at once), and 2 s of silence (R1). */
static uint32_t judge_host(uint32_t active, struct grant *grant, const struct situation *now, bool head_down, bool moving)
{
    const bool expired = grant_expired(grant, now->now_ms);

    if (expired || now->silent) {
        grant_release(grant);
    }
    return kernel_judge_host(active, now->silent, expired, head_down, moving);
}

/* Occupant and ankle locks matter head down, and wherever motion is granted or under way (F25, F26). */
static uint32_t judge_person(struct ladder *ladder, const struct readings *readings, bool concerned)
{
    ladder->ankles_locked = !lasted(&ladder->open_ticks, !readings->ankles_locked, OPEN_TICKS);
    ladder->occupied = !lasted(&ladder->empty_ticks, !readings->occupied, EMPTY_TICKS);
    return kernel_judge_person(ladder->occupied, ladder->ankles_locked, concerned);
}

/* What the angle, its speed and the time spent there say. */
static uint32_t judge_angle(struct ladder *ladder, const struct grant *grant, const struct angle *angle, bool over_time)
{
    uint32_t causes = 0;

    if (angle->head_down && over_time) {
        causes |= CAUSE_OVER_TIME;
    }
    if (lasted(&ladder->deep_ticks, kernel_over_angle(angle->worst_cdeg, grant->limit_cdeg), DEEP_TICKS)) {
        causes |= CAUSE_OVER_ANGLE;
    }
    if (lasted(&ladder->fast_ticks, angle->speed_q16 > Q16(TRIP_CDPS), FAST_TICKS)) {
        causes |= CAUSE_OVER_SPEED;
    }
    return causes;
}

/* At rest and not head down, returns are over; at level a freeze is, too. */
static uint32_t settle(struct ladder *ladder, struct memory *memory, uint32_t active, const struct angle *angle)
{
    const bool at_level = angle->trusted && size_of(angle->angle_q16) <= Q16(LEVEL_CDEG);

    if (at_level) {
        ladder->frozen = false;
        memory->slow = false;
    }
    return kernel_settle(active, false, false, at_level);
}

void ladder_judge(struct ladder *ladder, struct memory *memory, struct grant *grant, const struct angle *angle,
                  const struct readings *readings, const struct situation *now)
{
    const bool head_down = angle->head_down;
    const uint32_t before = ladder->active;
    bool moving = angle->moving;
    bool held = angle->trusted;
    uint32_t active;
    uint32_t person;

    if (now->driven) {
        moving = true;
    }
    if (!now->braked) {
        held = false;
    }
    active = judge_host(before & KEPT, grant, now, head_down, moving);
    if (ladder->frozen) {
        active = kernel_thaw(active, head_down, now->driven, now->now_ms - ladder->frozen_ms);
    }
    if (!head_down && !moving) {
        active = settle(ladder, memory, active, angle);
    }
    active |= judge_angle(ladder, grant, angle, now->over_time) | now->others;
    if (readings->estop) {
        active |= CAUSE_ESTOP;
    }
    if (readings->lowering) {
        active |= CAUSE_LOWERING;
    }
    if (readings->end_head_down) {
        /* H2: where both sensors show too little, the end of the travel does not. */
        active |= CAUSE_OVER_ANGLE;
    }
    if ((active & HOLD_MASK) != 0) {
        active &= ~CAUSE_LEVEL_WISHED;
        held = false;
    }
    if (brake_watch_tick(&ladder->brake, held, &angle->voter)) {
        active |= CAUSE_BRAKE_SLIP;
    }
    if (!head_down && memory->episode_ms == 0) {
        ladder->restarts = 0;
    }
    person = judge_person(ladder, readings, head_down || moving || grant->armed);
    if ((person & CAUSE_PERSON_LOST) != 0 && (before & CAUSE_PERSON_LOST) == 0) {
        active &= ~CAUSE_LEVEL_WISHED;
    }
    active |= person;
    ladder->active = active;
    ladder->voids = kernel_voids(before, active);
    memory->latched = kernel_latch(memory->latched, active);
    if ((grant->armed && (active | memory->latched) != 0) ||
        !kernel_may_follow(ladder->occupied, ladder->ankles_locked, angle->trusted)) {
        grant_release(grant);
    }
    ladder->rung = kernel_rung(active, memory->latched, head_down);
}
