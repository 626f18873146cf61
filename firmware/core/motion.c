#include "motion.h"

#include "fixed.h"
#include "kernel.h"

#define BRAKE_WAIT_TICKS 10u
/* Nine tenths of a return's largest rate are planned. */
#define PLANNED_TENTHS 9
#define CREEP_Q16 Q16(50)
/* The slowest drive makes 0.5 °/s: a hundredth of a degree in each tick. */
#define BLIND_RESERVE_CDEG 500u
#define BLIND_AGAIN_TICKS 500u
#define BACK_OFF_MS 1000
#define STILL_CDPS 2
#define RESTING_Q16 Q16(5)

void motion_start(struct motion *motion)
{
    *motion = (struct motion){0};
    motion->braked = true;
}

static void give(struct motion *motion, const struct angle *angle)
{
    motion->power = drive_power(motion->out_cdps, angle->angle_q16);
}

/* From rest, or over from another motion, without a jump of the rate. */
static void set_off(struct motion *motion, int32_t angle_q16)
{
    if (motion->braked) {
        /* Otherwise a motor that runs wild is none the better for another motion. */
        progress_reset(&motion->bed_progress);
        progress_reset(&motion->drive_progress);
    }
    motion->braked = false;
    motion->returning = false;
    motion->following = false;
    motion->wait_ticks = BRAKE_WAIT_TICKS;
    motion->arrived_ticks = 0;
    reference_place(&motion->reference, angle_q16, motion->out_cdps);
    follower_rest(&motion->follower, motion->out_cdps);
}

/* The fault if every healthy sensor says that the table does not follow the drive (F9, F11). One alone may be a sensor
 * that drifts or freezes, or a linkage that broke: that shows as a disagreement. */
static enum fault stuck(struct motion *motion, const struct angle *angle)
{
    const struct channel *const bed = &angle->voter.bed;
    const struct channel *const drive = &angle->voter.drive;
    const int32_t asked_q16 = follower_asked_q16(&motion->follower);
    const enum fault by_bed = progress_tick(&motion->bed_progress, bed->smooth_q16, motion->out_cdps, asked_q16);
    const enum fault by_drive = progress_tick(&motion->drive_progress, drive->smooth_q16, motion->out_cdps, asked_q16);

    if (bed->failing) {
        return drive->failing ? FAULT_NONE : by_drive;
    }
    /* Where both say so, the milder of the two. */
    return drive->failing || by_bed < by_drive ? by_bed : by_drive;
}

/* Drive at a rate that the kernel allows, and see whether the table goes along. */
static void steer(struct motion *motion, const struct angle *angle, int16_t out_cdps)
{
    enum fault fault;

    motion->out_cdps = out_cdps;
    follower_gave(&motion->follower, out_cdps);
    fault = stuck(motion, angle);
    if (fault != FAULT_NONE) {
        motion->fault = fault;
        motion_rest(motion);
    } else {
        give(motion, angle);
    }
}

void motion_rest(struct motion *motion)
{
    if (!motion->braked) {
        motion->braked = true;
        motion->returning = false;
        motion->following = false;
        motion->out_cdps = 0;
        motion->power = 0;
        motion->stall_ticks = 0;
    }
    motion->back_off_ms = 0;
}

void motion_brake(struct motion *motion, const struct angle *angle)
{
    if (motion->braked) {
        return;
    }
    motion->returning = false;
    motion->following = false;
    if (motion->out_cdps != 0) {
        motion->out_cdps = kernel_braking(motion->out_cdps);
    } else {
        if (motion->wait_ticks <= 1u) {
            motion_rest(motion);
            return;
        }
        motion->wait_ticks--;
    }
    give(motion, angle);
}

void motion_return(struct motion *motion, const struct angle *angle, int16_t cap_cdps)
{
    const int32_t worst_q16 = Q16(angle->worst_cdeg);
    const int16_t planned_cdps = (int16_t)share(cap_cdps, PLANNED_TENTHS, 10);
    int32_t planned_q16;
    int16_t wanted_cdps;
    bool hurry;

    if (motion->out_cdps > 0) {
        motion_brake(motion, angle);
        return;
    }
    if (!motion->returning) {
        set_off(motion, worst_q16);
        motion->returning = true;
    }
    if (motion->out_cdps < -cap_cdps) {
        /* An ankle lock opened on the way. */
        motion->out_cdps = kernel_braking(motion->out_cdps);
        reference_place(&motion->reference, worst_q16, (int16_t)-planned_cdps);
        follower_rest(&motion->follower, motion->out_cdps);
        give(motion, angle);
        return;
    }
    if (motion->out_cdps == 0 && worst_q16 < motion->reference.angle_q16) {
        /* A sensor that failed just now had the say until then. */
        motion->reference.angle_q16 = worst_q16;
    }
    reference_approach(&motion->reference, 0, 0, planned_cdps, -END_LIMIT_CDEG, END_LIMIT_CDEG);
    planned_q16 = -motion->reference.rate_q16;
    /* One sensor that lags behind may be frozen: where the other one goes about as planned, nothing is made up for. */
    hurry = planned_q16 < CREEP_Q16 || angle_fastest_q16(angle) < divided(planned_q16, 4) * 3;
    wanted_cdps = follower_rate_cdps(&motion->follower, &motion->reference, worst_q16, hurry);
    steer(motion, angle, kernel_drive_home(motion->out_cdps, wanted_cdps, cap_cdps));
}

void motion_return_blind(struct motion *motion, const struct angle *angle)
{
    if (motion->out_cdps > 0) {
        motion_brake(motion, angle);
        return;
    }
    if (motion->blind_ticks == 0 && motion->blind_limit_ticks == 0) {
        const uint16_t from_cdeg = angle->worst_cdeg > 0 ? (uint16_t)angle->worst_cdeg : 0u;

        motion->blind_limit_ticks = (uint16_t)(from_cdeg + BLIND_RESERVE_CDEG);
    }
    if (motion->blind_ticks >= motion->blind_limit_ticks) {
        motion->fault = FAULT_BLIND_ENDED;
        motion_rest(motion);
        return;
    }
    if (motion->blind_ticks == 0 || motion->braked) {
        set_off(motion, angle->angle_q16);
    }
    motion->blind_ticks++;
    steer(motion, angle, kernel_drive_blind(motion->out_cdps));
}

void motion_end_blind(struct motion *motion)
{
    motion->blind_ticks = 0;
    motion->blind_limit_ticks = 0;
    motion->fault = FAULT_BLIND_ENDED;
}

void motion_blind_again(struct motion *motion)
{
    motion->blind_ticks = 0;
    motion->blind_limit_ticks = BLIND_AGAIN_TICKS;
}

void motion_watch_stall(struct motion *motion, const struct angle *angle, uint16_t current_ma)
{
    if (motion->braked || !stall_tick(&motion->stall_ticks, current_ma, motion->power)) {
        return;
    }
    if (motion->out_cdps > 0) {
        set_off(motion, angle->angle_q16);
        motion->stall_ticks = 0;
        motion->out_cdps = 0;
        motion->back_off_ms = BACK_OFF_MS;
    } else {
        /* No reaction of the unit's own goes up. */
        motion_rest(motion);
        motion->fault = FAULT_STALLED;
    }
}

void motion_back_off(struct motion *motion, const struct angle *angle, uint16_t current_ma, bool allowed)
{
    motion->back_off_ms = (int16_t)(motion->back_off_ms - (int16_t)TICK_MS);
    if (!allowed || motion->back_off_ms <= 0 || stall_tick(&motion->stall_ticks, current_ma, motion->power)) {
        motion_rest(motion);
        motion->fault = FAULT_STALLED;
        return;
    }
    motion->out_cdps = kernel_drive_back(motion->out_cdps);
    give(motion, angle);
}

static bool still(int16_t rate_cdps)
{
    return rate_cdps > -STILL_CDPS && rate_cdps < STILL_CDPS;
}

void motion_follow(struct motion *motion, const struct angle *angle, const struct aim *aim)
{
    const int32_t error_q16 = Q16(aim->target_cdeg) - angle->angle_q16;
    const bool rises = error_q16 > LEFT_Q16 || aim->rate_cdps > STILL_CDPS;
    int32_t target_q16 = Q16(aim->target_cdeg);
    int16_t target_cdps = aim->rate_cdps;
    int16_t wanted_cdps;
    bool arrived;

    if (motion->braked && still(target_cdps) && size_of(error_q16) < LEFT_Q16) {
        /* The brake holds it where the lease wants it. */
        return;
    }
    if (!aim->increase && rises && !(motion->following && motion->out_cdps < 0)) {
        /* On the way down a target that comes late, or was passed, is no reason to jolt: it slows down first. */
        motion_brake(motion, angle);
        return;
    }
    if (!motion->following) {
        set_off(motion, angle->angle_q16);
        motion->following = true;
    }
    if (reference_ends(&motion->reference, target_q16, target_cdps) && size_of(error_q16) < NEAR_Q16) {
        /* To come back for so little, through the play, would be a jolt. */
        target_q16 = motion->reference.angle_q16;
        target_cdps = 0;
    }
    arrived = still(aim->rate_cdps) && size_of(target_q16 - angle->angle_q16) < ARRIVED_Q16 &&
              size_of(motion->reference.rate_q16) < RESTING_Q16;
    if (lasted(&motion->arrived_ticks, arrived, BRAKE_WAIT_TICKS)) {
        motion_rest(motion);
        return;
    }
    reference_approach(&motion->reference, target_q16, target_cdps, HARD_RATE_CDPS, LOWEST_CDEG,
                       aim->limit_cdeg > -END_LIMIT_CDEG ? aim->limit_cdeg : -END_LIMIT_CDEG);
    wanted_cdps = follower_rate_cdps(&motion->follower, &motion->reference, angle->angle_q16, true);
    steer(motion, angle,
          kernel_drive(motion->out_cdps, wanted_cdps, HARD_RATE_CDPS, aim->increase, angle->worst_cdeg,
                       aim->limit_cdeg));
}
