/* Parts of the core for tests in Python, past the unit: state in and out as whole numbers. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "angle.h"
#include "brake.h"
#include "drive.h"
#include "exposure.h"
#include "grant.h"
#include "rubbish.h"
#include "supply.h"
#include "unit.h"
#include "watch.h"

struct parts {
    struct angle angle;
    struct brake_watch brake;
    struct progress progress;
    struct supply supply;
    struct memory memory;
    struct exposure exposure;
    struct grant grant;
    struct ladder ladder;
    struct reference reference;
    struct follower follower;
    struct motion motion;
    uint8_t stall_ticks;
};

void *new_parts(void);
void drop_parts(void *parts);
void take_both(struct parts *parts, int16_t bed_cdeg, int16_t drive_cdeg);
void judge(struct parts *parts, bool head_down_side, bool returning, uint32_t latched, int64_t *out);
void show(struct parts *parts, int32_t bed_q16, int32_t drive_q16, bool bed_fails, bool drive_fails);
bool slips(struct parts *parts, bool held);
uint8_t gets_nowhere(struct parts *parts, int32_t angle_q16, int16_t rate_cdps, int32_t asked_q16);
void rests(struct parts *parts);
bool stalls(struct parts *parts, uint16_t current_ma, int16_t power);
uint32_t supplied(struct parts *parts, uint16_t supply_mv, uint16_t current_ma, int64_t *heat);
void set_heat(struct parts *parts, int32_t heat_q27);
void remembers(struct parts *parts, uint32_t episode_ms, int16_t strictest_cdeg);
void exposed(struct parts *parts, int16_t worst_cdeg, uint32_t elapsed_ms, int64_t *out);
int32_t checked_bytes(void);
bool valid_with(struct parts *parts, int32_t at, uint8_t flipped);
void grants(struct parts *parts, int32_t what, const int64_t *setpoint, uint32_t now_ms);
void granted(struct parts *parts, uint32_t now_ms, int64_t *out);
void climb(struct parts *parts, int32_t what, const int64_t *in, int64_t *out);
uint8_t said_at_first(uint8_t *frame);
void sampled(int16_t bed_cdeg, int16_t drive_cdeg, int64_t *out);
void put(struct parts *parts, const int64_t *reference, const int64_t *follower);
void approach(struct parts *parts, int32_t target_q16, int16_t target_cdps, int16_t cap_cdps, int16_t low_cdeg,
              int16_t high_cdeg, int64_t *out);
bool ends(struct parts *parts, int32_t target_q16, int16_t target_cdps);
int16_t follows(struct parts *parts, int32_t angle_q16, bool hurry, int64_t *out);
void senses(struct parts *parts, const int64_t *in, bool keep);
void moves(struct parts *parts, int32_t what, const int64_t *in, int64_t *out);
void votes(struct parts *parts, const int64_t *in, int64_t *out);
uint16_t named_by(struct parts *parts, uint32_t entropy);

void *new_parts(void)
{
    struct parts *const made = rubbish(sizeof *made);

    angle_start(&made->angle);
    made->brake = (struct brake_watch){0};
    progress_reset(&made->progress);
    supply_start(&made->supply);
    remembers(made, 0, 0);
    made->memory.heat_q27 = 0;
    made->memory.latched = 0;
    made->memory.slow = false;
    grant_start(&made->grant);
    ladder_start(&made->ladder, &made->memory);
    made->stall_ticks = 0;
    reference_place(&made->reference, 0, 0);
    follower_rest(&made->follower, 0);
    motion_start(&made->motion);
    return made;
}

void drop_parts(void *parts)
{
    free(parts);
}

void take_both(struct parts *parts, int16_t bed_cdeg, int16_t drive_cdeg)
{
    channel_take(&parts->angle.voter.bed, bed_cdeg);
    channel_take(&parts->angle.voter.drive, drive_cdeg);
}

void judge(struct parts *parts, bool head_down_side, bool returning, uint32_t latched, int64_t *out)
{
    const struct angle *const angle = &parts->angle;
    const struct voter *const voter = &angle->voter;

    angle_judge(&parts->angle, head_down_side, returning, latched);
    const int64_t seen[] = {angle->causes, angle->worst_cdeg, angle->head_down, angle->trusted, angle->moving,
                            voter->bed.failing, voter->drive.failing, voter->apart, angle_exposed_cdeg(angle),
                            angle->angle_q16, angle->rate_q16, angle->speed_q16, voter->bed.smooth_q16,
                            voter->drive.smooth_q16, angle_fastest_q16(angle)};
    memcpy(out, seen, sizeof seen);
}

void show(struct parts *parts, int32_t bed_q16, int32_t drive_q16, bool bed_fails, bool drive_fails)
{
    struct voter *const voter = &parts->angle.voter;

    voter->bed.smooth_q16 = bed_q16;
    voter->drive.smooth_q16 = drive_q16;
    voter->bed.failing = bed_fails;
    voter->drive.failing = drive_fails;
}

bool slips(struct parts *parts, bool held)
{
    return brake_watch_tick(&parts->brake, held, &parts->angle.voter);
}

uint8_t gets_nowhere(struct parts *parts, int32_t angle_q16, int16_t rate_cdps, int32_t asked_q16)
{
    return (uint8_t)progress_tick(&parts->progress, angle_q16, rate_cdps, asked_q16);
}

void rests(struct parts *parts)
{
    progress_reset(&parts->progress);
}

bool stalls(struct parts *parts, uint16_t current_ma, int16_t power)
{
    return stall_tick(&parts->stall_ticks, current_ma, power);
}

uint32_t supplied(struct parts *parts, uint16_t supply_mv, uint16_t current_ma, int64_t *heat)
{
    supply_tick(&parts->supply, &parts->memory, supply_mv, current_ma);
    heat[0] = parts->memory.heat_q27;
    heat[1] = supply_heat_percent(&parts->memory);
    return parts->supply.causes;
}

void set_heat(struct parts *parts, int32_t heat_q27)
{
    parts->memory.heat_q27 = heat_q27;
}

void remembers(struct parts *parts, uint32_t episode_ms, int16_t strictest_cdeg)
{
    struct memory *const memory = &parts->memory;

    memory->head_down_s = 0;
    memory->head_down_rest_ms = 0;
    memory->episode_ms = episode_ms;
    memory->strictest_cdeg = strictest_cdeg;
    memory->exposed = false;
    exposure_start(&parts->exposure, memory);
}

void exposed(struct parts *parts, int16_t worst_cdeg, uint32_t elapsed_ms, int64_t *out)
{
    const struct memory *const memory = &parts->memory;

    if (elapsed_ms > 0) {
        exposure_tick(&parts->exposure, &parts->memory, worst_cdeg, elapsed_ms);
    }
    out[0] = parts->exposure.left_ms;
    out[1] = memory->episode_ms;
    out[2] = memory->strictest_cdeg;
    out[3] = memory->exposed;
    out[4] = memory->head_down_rest_ms < 1000 ? (int64_t)memory->head_down_s * 1000 + memory->head_down_rest_ms : -1;
}

int32_t checked_bytes(void)
{
    return (int32_t)(offsetof(struct memory, check) + sizeof(uint16_t));
}

bool valid_with(struct parts *parts, int32_t at, uint8_t flipped)
{
    uint8_t *const bytes = (uint8_t *)&parts->memory;

    for (int32_t i = 0; i < (int32_t)offsetof(struct memory, check); i++) {
        bytes[i] = (uint8_t)(i * 37);
    }
    memory_seal(&parts->memory);
    bytes[at] ^= flipped;
    return memory_valid(&parts->memory);
}

void grants(struct parts *parts, int32_t what, const int64_t *setpoint, uint32_t now_ms)
{
    struct from_host message;

    memset(&message, 0xA5, sizeof message);
    message.target_cdeg = (int16_t)setpoint[0];
    message.rate_cdps = (int16_t)setpoint[1];
    message.limit_cdeg = (int16_t)setpoint[2];
    message.lease_ms = (uint16_t)setpoint[3];
    if (what == 0) {
        grant_arm(&parts->grant);
    } else if (what == 1) {
        grant_lease(&parts->grant, &message, now_ms);
    } else {
        grant_release(&parts->grant);
    }
}

void granted(struct parts *parts, uint32_t now_ms, int64_t *out)
{
    const struct grant *const grant = &parts->grant;

    out[0] = grant->armed;
    out[1] = grant->leased;
    out[2] = grant->limit_cdeg;
    out[3] = grant_expired(grant, now_ms);
    out[4] = grant->leased ? grant_target_cdeg(grant, now_ms) : 0;
}

/* What people do to the ladder (0 to 3), or one verdict of it; what it says then. */
void climb(struct parts *parts, int32_t what, const int64_t *in, int64_t *out)
{
    struct ladder *const ladder = &parts->ladder;
    struct memory *const memory = &parts->memory;
    struct angle *const angle = &parts->angle;
    const uint32_t now_ms = (uint32_t)in[0];

    out[0] = 0;
    if (what == 0) {
        ladder_stop(ladder, memory, now_ms);
    } else if (what == 1) {
        out[0] = ladder_wish_level(ladder, in[1] != 0);
    } else if (what == 2) {
        ladder_unfreeze(ladder, memory);
    } else if (what == 3) {
        ladder_fail(ladder, memory, (uint32_t)in[2], in[1] != 0);
    } else {
        const struct readings readings = {.occupied = in[3] != 0, .ankles_locked = in[4] != 0, .estop = in[5] != 0,
                                          .lowering = in[6] != 0};
        const struct situation now = {.now_ms = now_ms, .others = (uint32_t)in[2], .over_time = in[15] == 0,
                                      .silent = in[7] != 0, .driven = in[8] != 0, .braked = in[9] != 0};

        angle->head_down = in[1] != 0;
        angle->trusted = in[10] != 0;
        angle->moving = in[11] != 0;
        angle->angle_q16 = (int32_t)in[12];
        angle->worst_cdeg = (int16_t)in[13];
        angle->speed_q16 = (int32_t)in[14];
        memory->episode_ms = (uint32_t)in[16];
        memory->latched &= (uint32_t)in[17];
        show(parts, (int32_t)in[18], (int32_t)in[18], false, false);
        ladder_judge(ladder, memory, &parts->grant, angle, &readings, &now);
    }
    out[1] = ladder->active;
    out[2] = ladder->rung;
    out[3] = ladder->voids;
    out[4] = ladder->occupied;
    out[5] = ladder->ankles_locked;
    out[6] = ladder_unlocked(ladder);
    out[7] = memory->latched;
    out[8] = memory->slow;
    out[9] = parts->grant.armed;
    out[10] = parts->grant.leased;
}

static struct unit *new_one(void)
{
    struct unit *const unit = rubbish(sizeof *unit);

    unit_start(unit, 1, 1);
    return unit;
}

/* What a unit says before its first round of control, after its identity; how many bytes. */
uint8_t said_at_first(uint8_t *frame)
{
    struct unit *const unit = new_one();
    uint8_t size = unit_transmit(unit, frame);

    size = size == 0 ? UINT8_MAX : unit_transmit(unit, frame);
    free(unit);
    return size;
}

void sampled(int16_t bed_cdeg, int16_t drive_cdeg, int64_t *out)
{
    struct unit *const unit = new_one();

    unit_sample(unit, bed_cdeg, drive_cdeg);
    out[0] = unit->angle.voter.bed.cdeg;
    out[1] = unit->angle.voter.drive.cdeg;
    free(unit);
}

void put(struct parts *parts, const int64_t *reference, const int64_t *follower)
{
    parts->reference.angle_q16 = (int32_t)reference[0];
    parts->reference.rate_q16 = (int32_t)reference[1];
    parts->reference.acceleration_q16 = (int32_t)reference[2];
    parts->follower.integral_q16 = (int32_t)follower[0];
    parts->follower.rate_q16 = (int32_t)follower[1];
}

static void tell(const struct parts *parts, int64_t *out)
{
    out[0] = parts->reference.angle_q16;
    out[1] = parts->reference.rate_q16;
    out[2] = parts->reference.acceleration_q16;
    out[3] = parts->follower.integral_q16;
    out[4] = parts->follower.rate_q16;
    out[5] = follower_asked_q16(&parts->follower);
}

void approach(struct parts *parts, int32_t target_q16, int16_t target_cdps, int16_t cap_cdps, int16_t low_cdeg,
              int16_t high_cdeg, int64_t *out)
{
    reference_approach(&parts->reference, target_q16, target_cdps, cap_cdps, low_cdeg, high_cdeg);
    tell(parts, out);
}

bool ends(struct parts *parts, int32_t target_q16, int16_t target_cdps)
{
    return reference_ends(&parts->reference, target_q16, target_cdps);
}

int16_t follows(struct parts *parts, int32_t angle_q16, bool hurry, int64_t *out)
{
    const int16_t rate_cdps = follower_rate_cdps(&parts->follower, &parts->reference, angle_q16, hurry);

    tell(parts, out);
    return rate_cdps;
}

/* What a motion knows of the table. */
void senses(struct parts *parts, const int64_t *in, bool keep)
{
    struct angle *const angle = &parts->angle;

    if (!keep) {
        angle->angle_q16 = (int32_t)in[0];
        angle->worst_cdeg = (int16_t)in[1];
    }
    show(parts, (int32_t)in[2], (int32_t)in[3], in[4] != 0, in[5] != 0);
    angle->voter.bed.rate_q16 = (int32_t)in[6];
    angle->voter.drive.rate_q16 = (int32_t)in[7];
}

/* One of the motions, for a tick; what it makes of the table, and its state. */
void moves(struct parts *parts, int32_t what, const int64_t *in, int64_t *out)
{
    struct motion *const motion = &parts->motion;
    const struct angle *const angle = &parts->angle;
    const struct aim aim = {(int16_t)in[0], (int16_t)in[1], (int16_t)in[2], in[3] != 0};

    motion->fault = FAULT_NONE;
    switch (what) {
    case 0:
        motion_rest(motion);
        break;
    case 1:
        motion_brake(motion, angle);
        break;
    case 2:
        motion_return(motion, angle, (int16_t)in[0]);
        break;
    case 3:
        motion_return_blind(motion, angle);
        break;
    case 4:
        motion_follow(motion, angle, &aim);
        break;
    case 5:
        motion_blind_again(motion);
        break;
    case 6:
        motion_end_blind(motion);
        break;
    case 7:
        motion_watch_stall(motion, angle, (uint16_t)in[0]);
        break;
    default:
        motion_back_off(motion, angle, (uint16_t)in[0], in[1] != 0);
        break;
    }
    out[0] = motion->fault;
    out[1] = motion->braked;
    out[2] = motion->returning;
    out[3] = motion->back_off_ms;
    out[4] = motion->blind_ticks;
    out[5] = motion->out_cdps;
    out[6] = motion->power;
    out[7] = motion->reference.angle_q16;
    out[8] = motion->reference.rate_q16;
    out[9] = motion->reference.acceleration_q16;
    out[10] = motion->follower.integral_q16;
    out[11] = motion->follower.rate_q16;
}

/* One verdict on sensors that are made up. */
void votes(struct parts *parts, const int64_t *in, int64_t *out)
{
    struct voter *const voter = &parts->angle.voter;

    voter->bed.smooth_q16 = (int32_t)in[0];
    voter->drive.smooth_q16 = (int32_t)in[1];
    voter->bed.still_samples = (uint8_t)in[2];
    voter->drive.still_samples = (uint8_t)in[3];
    voter->bed.implausible = voter->bed.implausible || in[4] != 0;
    voter->drive.implausible = voter->drive.implausible || in[5] != 0;
    voter_judge(voter, (enum side)in[6], (enum suspect)in[7]);
    out[0] = voter->bed.failing;
    out[1] = voter->drive.failing;
    out[2] = voter->apart;
    out[3] = voter->doubt_ticks;
}

/* What a memory is called that did not survive. */
uint16_t named_by(struct parts *parts, uint32_t entropy)
{
    memory_seal(&parts->memory);
    parts->memory.check ^= 1u;
    memory_boot(&parts->memory, entropy);
    return parts->memory.id;
}
