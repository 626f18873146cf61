#include "unit.h"

#include "apart.h"
#include "fixed.h"
#include "kernel.h"

#define SETTLE_MS 600u
#define MA_PER_FIFTH 200u
#define MV_PER_TENTH 100u

void unit_start(struct unit *unit, uint32_t entropy, uint32_t number)
{
    memory_boot(&unit->memory, entropy);
    link_start(&unit->link, (uint16_t)(entropy & 0xFFFFu), unit->memory.stop_count);
    angle_start(&unit->angle);
    exposure_start(&unit->exposure, &unit->memory);
    grant_start(&unit->grant);
    ladder_start(&unit->ladder, &unit->memory);
    motion_start(&unit->motion);
    supply_start(&unit->supply);
    unit->now_ms = 0;
    unit->number = number;
    unit->arm_presses = 0;
    unit->arm_button = false;
    unit->secured = false;
    unit->silent = true;
    unit->settled = false;
    unit->siren = false;
    unit->tells_identity = true;
    unit->tells_telemetry = false;
}

void unit_sample(struct unit *unit, int16_t bed_cdeg, int16_t drive_cdeg)
{
    channel_take(&unit->angle.voter.bed, bed_cdeg);
    channel_take(&unit->angle.voter.drive, drive_cdeg);
}

/* ---- the wire --------------------------------------------------------------------------------------------------- */

/* A grant to increase the angle: a person locked in, at rest, and nothing that speaks against it. */
static uint8_t take_arm(struct unit *unit, const struct from_host *message)
{
    const struct angle *const angle = &unit->angle;
    const uint8_t refused = kernel_refuse_arm(message->stop_count, unit->link.stop_count, unit->secured,
                                              unit->motion.out_cdps != 0 || angle->moving, angle->trusted,
                                              angle->head_down, unit->ladder.active, unit->memory.latched);

    if (refused == 0) {
        grant_arm(&unit->grant);
        ladder_unfreeze(&unit->ladder, &unit->memory);
    }
    return refused;
}

/* A lease. Without a grant it may only lead down: out of a freeze on the head-up side, or to standing. */
static uint8_t take_setpoint(struct unit *unit, const struct from_host *message)
{
    const struct angle *const angle = &unit->angle;
    const bool frozen = (unit->ladder.active & CAUSE_STOPPED) != 0 && angle->head_down;
    const uint8_t refused = kernel_refuse_setpoint(message->stop_count, unit->link.stop_count, unit->ladder.rung,
                                                   frozen, angle->trusted, unit->secured, unit->grant.armed,
                                                   message->target_cdeg, rounded(angle->angle_q16));

    if (refused == 0) {
        grant_lease(&unit->grant, message, unit->now_ms);
        ladder_unfreeze(&unit->ladder, &unit->memory);
    }
    return refused;
}

static void take_level(struct unit *unit)
{
    grant_release(&unit->grant);
    if (ladder_wish_level(&unit->ladder, unit->angle.head_down || unit->motion.out_cdps > 0) &&
        (unit->memory.latched & CAUSE_BLIND_ENDED) != 0) {
        motion_blind_again(&unit->motion);
    }
}

static void take_hello(struct unit *unit)
{
    if (!unit->link.counting) {
        /* Nothing was heard in this session yet: it is new, and what another one was granted is over. */
        grant_release(&unit->grant);
    }
    unit->tells_identity = true;
}

/* 0, or an `enum reject`. */
static uint8_t obey(struct unit *unit, const struct from_host *message)
{
    switch (message->code) {
    case SETPOINT_CODE:
        return take_setpoint(unit, message);
    case STOP_CODE:
        grant_release(&unit->grant);
        unit->memory.stop_count = unit->link.stop_count;
        ladder_stop(&unit->ladder, &unit->memory, unit->now_ms);
        break;
    case LEVEL_CODE:
        take_level(unit);
        break;
    case ARM_CODE:
        return take_arm(unit, message);
    case DISARM_CODE:
        grant_release(&unit->grant);
        break;
    case ACKNOWLEDGE_CODE:
        unit->memory.latched =
            kernel_acknowledge(unit->memory.latched, unit->ladder.active, unit->angle.head_down);
        break;
    case HELLO_CODE:
        take_hello(unit);
        break;
    default:
        /* KEEPALIVE: its nonce was all. */
        break;
    }
    return 0;
}

void unit_receive(struct unit *unit, uint8_t byte)
{
    struct from_host message;

    if (link_take(&unit->link, byte, unit->now_ms, &message)) {
        const uint8_t refused = obey(unit, &message);

        if (refused != 0) {
            link_reject(&unit->link, refused, message.code, message.sequence);
        }
    }
}

/* ---- telemetry -------------------------------------------------------------------------------------------------- */

static uint16_t sensed(const struct readings *readings)
{
    uint16_t flags = 0;

    if (readings->occupied) {
        flags |= FLAG_OCCUPIED;
    }
    if (readings->ankles_locked) {
        flags |= FLAG_ANKLES_LOCKED;
    }
    if (readings->estop) {
        flags |= FLAG_ESTOP;
    }
    if (readings->head_down_side) {
        flags |= FLAG_HEAD_DOWN_SIDE;
    }
    if (readings->end_head_down) {
        flags |= FLAG_END_HEAD_DOWN;
    }
    if (readings->end_head_up) {
        flags |= FLAG_END_HEAD_UP;
    }
    if (readings->lowering) {
        flags |= FLAG_LOWERING;
    }
    return flags;
}

/* Those of what it does, to these. */
static uint16_t with_done(const struct unit *unit, uint16_t sensed_flags)
{
    uint16_t flags = sensed_flags;

    if (unit->motion.braked) {
        flags |= FLAG_BRAKE;
    }
    if (unit->motion.out_cdps != 0) {
        flags |= FLAG_DRIVEN;
    }
    if (unit->angle.moving) {
        flags |= FLAG_MOVING;
    }
    if (unit->grant.armed) {
        flags |= FLAG_ARMED;
    }
    if (unit->grant.leased) {
        flags |= FLAG_LEASED;
    }
    if (unit->angle.trusted) {
        flags |= FLAG_TRUSTED;
    }
    if (unit->siren) {
        flags |= FLAG_SIREN;
    }
    if ((unit->ladder.active & CAUSE_STOPPED) != 0) {
        flags |= FLAG_FROZEN;
    }
    if (!unit->silent) {
        flags |= FLAG_HOST_LIVE;
    }
    return flags;
}

/* In steps, to the nearest, as far as a byte goes. */
APART static uint8_t in_steps(uint16_t value, uint16_t step)
{
    if (value >= UINT8_MAX * step) {
        return (uint8_t)UINT8_MAX;
    }
    return (uint8_t)divided((int32_t)value + step / 2u, step);
}

/* Into `told`, what is so by now. */
APART static void report(const struct unit *unit, const struct readings *readings, uint16_t nonce, uint8_t *told)
{
    const struct memory *const memory = &unit->memory;
    /* In eighths of a second's milliseconds it fits. */
    const int32_t episode_s = divided((int32_t)(memory->episode_ms / 8u), 125);

    wire_begin_telemetry(told);
    wire_telemetry_nonce(told, nonce);
    wire_telemetry_time_ms(told, unit->now_ms);
    wire_telemetry_stop_count(told, unit->link.stop_count);
    wire_telemetry_angle_cdeg(told, rounded(unit->angle.angle_q16));
    wire_telemetry_bed_cdeg(told, readings->bed_cdeg);
    wire_telemetry_drive_cdeg(told, readings->drive_cdeg);
    wire_telemetry_rate_cdps(told, rounded(unit->angle.rate_q16));
    wire_telemetry_flags(told, with_done(unit, sensed(readings)));
    wire_telemetry_rung(told, unit->ladder.rung);
    wire_telemetry_causes(told, unit->ladder.active);
    wire_telemetry_latched(told, memory->latched);
    wire_telemetry_head_down_s(told, memory->head_down_s);
    wire_telemetry_episode_s(told, episode_s < UINT16_MAX ? (uint16_t)episode_s : (uint16_t)UINT16_MAX);
    wire_telemetry_current_fifths_a(told, in_steps(readings->current_ma, MA_PER_FIFTH));
    wire_telemetry_heat_percent(told, supply_heat_percent(memory));
    wire_telemetry_supply_tenths_v(told, in_steps(readings->supply_mv, MV_PER_TENTH));
    wire_telemetry_arm_presses(told, unit->arm_presses);
}

/* Who it is, and what it never exceeds. */
static void introduce(const struct unit *unit, uint8_t *payload)
{
    wire_begin_identity(payload);
    wire_identity_protocol(payload, WIRE_VERSION);
    wire_identity_session(payload, unit->link.session);
    wire_identity_firmware_major(payload, FIRMWARE_MAJOR);
    wire_identity_firmware_minor(payload, FIRMWARE_MINOR);
    wire_identity_firmware_patch(payload, FIRMWARE_PATCH);
    wire_identity_simulated(payload, 0);
    wire_identity_time_scale(payload, 1);
    wire_identity_unit(payload, unit->number);
    wire_identity_boots(payload, (uint16_t)(unit->memory.boots & 0xFFFFu));
    wire_identity_memory(payload, unit->memory.id);
    wire_identity_limit_cdeg(payload, HARD_LIMIT_CDEG);
    wire_identity_rate_limit_cdps(payload, HARD_RATE_CDPS);
}

uint8_t unit_transmit(struct unit *unit, uint8_t *frame)
{
    uint8_t payload[IDENTITY_SIZE];
    const uint8_t *told = payload;
    uint8_t size = 0;
    struct rejected rejected;

    if (unit->tells_identity) {
        unit->tells_identity = false;
        introduce(unit, payload);
        size = IDENTITY_SIZE;
    } else if (unit->tells_telemetry) {
        unit->tells_telemetry = false;
        told = unit->telemetry;
        size = TELEMETRY_SIZE;
    } else if (link_next(&unit->link, &rejected)) {
        wire_begin_rejected(payload);
        wire_rejected_reason(payload, rejected.reason);
        wire_rejected_code(payload, rejected.code);
        wire_rejected_sequence(payload, rejected.sequence);
        size = REJECTED_SIZE;
    } else {
        return 0;
    }
    return frame_encode(told, size, frame);
}

/* ---- one tick --------------------------------------------------------------------------------------------------- */

/* The lease, as far as the kernel allows. */
static void follow(struct unit *unit)
{
    const struct grant *const grant = &unit->grant;
    const struct angle *const angle = &unit->angle;
    const struct aim aim = {
        .target_cdeg = grant_target_cdeg(grant, unit->now_ms),
        .rate_cdps = grant->rate_cdps,
        .limit_cdeg = grant->limit_cdeg,
        .increase = kernel_may_increase(grant->armed, true, angle->trusted, unit->ladder.active, unit->memory.latched,
                                        (int32_t)unit->exposure.left_ms),
    };

    motion_follow(&unit->motion, angle, &aim);
}

/* The motion that a reaction asks for. */
static void react(struct unit *unit, uint8_t reaction)
{
    switch (reaction) {
    case FOLLOW:
        follow(unit);
        break;
    case RETURN:
        motion_return(&unit->motion, &unit->angle,
                      kernel_return_rate_cap(unit->memory.slow, ladder_unlocked(&unit->ladder)));
        break;
    case RETURN_BLIND:
        motion_return_blind(&unit->motion, &unit->angle);
        break;
    case REST:
        motion_rest(&unit->motion);
        break;
    default:
        motion_brake(&unit->motion, &unit->angle);
        break;
    }
}

static uint32_t cause_of(enum fault fault)
{
    switch (fault) {
    case FAULT_WRONG_WAY:
        return CAUSE_WRONG_WAY;
    case FAULT_NO_PROGRESS:
        return CAUSE_NO_PROGRESS;
    case FAULT_BLIND_ENDED:
        return CAUSE_BLIND_ENDED;
    default:
        return CAUSE_STALLED;
    }
}

/* The motion that the rung asks for. */
APART static struct command move(struct unit *unit, uint16_t current_ma)
{
    struct motion *const motion = &unit->motion;
    const uint32_t active = unit->ladder.active;
    const bool ended = (active & (CAUSE_STOPPED | HOLD_MASK)) != 0;
    struct command command = {0, true};

    if (motion->blind_ticks > 0 && unit->ladder.rung != (uint8_t)RUNG_BLIND_LEVEL) {
        motion_end_blind(motion);
    }
    if (!(motion->braked || motion->back_off_ms != 0 || ended)) {
        motion_watch_stall(motion, &unit->angle, current_ma);
    }
    if (motion->fault == FAULT_NONE) {
        if (motion->back_off_ms != 0) {
            motion_back_off(motion, &unit->angle, current_ma, !ended && unit->angle.trusted);
        } else {
            react(unit, kernel_reaction(unit->ladder.rung, active, unit->grant.leased));
        }
        command.power = motion->power;
        command.brake = motion->braked;
    }
    if (motion->fault != FAULT_NONE) {
        ladder_fail(&unit->ladder, &unit->memory, cause_of(motion->fault), unit->angle.head_down);
        motion->fault = FAULT_NONE;
    }
    return command;
}

struct command unit_tick(struct unit *unit, uint32_t now_ms, const struct readings *readings)
{
    const uint32_t elapsed_ms = now_ms - unit->now_ms;
    struct command command = {0, true};

    unit->now_ms = now_ms;
    unit->memory.uptime_ms = now_ms;
    unit->secured = readings->occupied && readings->ankles_locked;
    angle_judge(&unit->angle, readings->head_down_side, unit->motion.returning, unit->memory.latched);
    exposure_tick(&unit->exposure, &unit->memory, angle_exposed_cdeg(&unit->angle), elapsed_ms);
    supply_tick(&unit->supply, &unit->memory, readings->supply_mv, readings->current_ma);
    if (readings->arm_button && !unit->arm_button) {
        unit->arm_presses++;
    }
    unit->arm_button = readings->arm_button;
    if (now_ms >= SETTLE_MS || unit->settled) {
        const struct situation now = {
            .now_ms = now_ms,
            .others = unit->angle.causes | unit->supply.causes,
            .over_time = unit->exposure.left_ms == 0,
            .silent = link_silent(&unit->link, now_ms),
            .driven = unit->motion.out_cdps != 0,
            .braked = unit->motion.braked,
        };

        unit->settled = true;
        unit->silent = now.silent;
        ladder_judge(&unit->ladder, &unit->memory, &unit->grant, &unit->angle, readings, &now);
        if (unit->ladder.voids) {
            link_void(&unit->link);
            unit->memory.stop_count = unit->link.stop_count;
        }
        command = move(unit, readings->current_ma);
    }
    unit->siren = unit->ladder.rung == (uint8_t)RUNG_HOLD ||
                  ((unit->ladder.active | unit->memory.latched) & CAUSE_PERSON_LOST) != 0;
    report(unit, readings, link_issue(&unit->link, now_ms), unit->telemetry);
    unit->tells_telemetry = true;
    return command;
}
