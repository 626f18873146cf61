#include "angle.h"

#include "apart.h"
#include "fixed.h"
#include "kernel.h"

#define MOVING_Q16 Q16(20)
#define MOVING_TICKS 5u
#define ARRIVED_CDEG 12
#define SIDE_CDEG 200
#define SIDE_TICKS 25u
#define ALONE_TICKS 50u

void angle_start(struct angle *angle)
{
    *angle = (struct angle){0};
    voter_start(&angle->voter);
    angle->worst_cdeg = HARD_LIMIT_CDEG;
}

static enum suspect suspected(uint32_t latched)
{
    const bool bed = (latched & CAUSE_BED_SENSOR) != 0;

    if ((latched & CAUSE_DRIVE_SENSOR) != 0) {
        return bed ? SUSPECT_NOBODY : SUSPECT_DRIVE;
    }
    return bed ? SUSPECT_BED : SUSPECT_NOBODY;
}

/* Whether the level switch reports one side while the table is by so much on the other. */
APART static bool contradicted(const struct angle *angle, bool head_down_side, int16_t by_cdeg)
{
    if (head_down_side) {
        return angle->worst_cdeg < -by_cdeg;
    }
    if (angle->worst_cdeg <= by_cdeg) {
        return false;
    }
    return angle->angle_q16 > Q16(by_cdeg);
}

/* Angle and level switch are not on the same side; `alone`: only one sensor is left. */
static void doubt_side(struct angle *angle, bool head_down_side, bool alone)
{
    const bool doubted = contradicted(angle, head_down_side, alone ? LEVEL_CDEG : SIDE_CDEG);

    if (lasted(&angle->side_ticks, doubted, alone ? ALONE_TICKS : SIDE_TICKS)) {
        if (alone) {
            angle->causes |= CAUSE_SIDE_UNKNOWN;
        } else {
            angle->causes |= CAUSE_LEVEL_SWITCH;
        }
    }
}

static int32_t slower_q16(const struct channel *one, const struct channel *other)
{
    return least(size_of(one->rate_q16), size_of(other->rate_q16));
}

/* The angle is not trusted. Two plausible sensors still show a runaway, though not where the table is (F12). */
static void lose(struct angle *angle, bool head_down_side, bool doubted)
{
    const struct channel *const bed = &angle->voter.bed;
    const struct channel *const drive = &angle->voter.drive;

    if (angle->trusted) {
        angle->side_lost = doubted || contradicted(angle, head_down_side, SIDE_CDEG);
        angle->trusted = false;
    }
    if (angle->side_lost) {
        angle->causes |= CAUSE_SIDE_UNKNOWN;
        angle->head_down = angle->worst_cdeg > LEVEL_CDEG;
    } else {
        angle->head_down = head_down_side;
    }
    angle->rate_q16 = 0;
    angle->speed_q16 = bed->failing || drive->failing ? 0 : slower_q16(bed, drive);
    angle->fast_ticks = 0;
    angle->moving = false;
}

/* One angle out of both, or of the one that is left. */
static void believe(struct angle *angle, const struct channel *lead, const struct channel *other, bool returning)
{
    angle->trusted = true;
    angle->side_lost = false;
    angle->angle_q16 = lead->smooth_q16;
    angle->rate_q16 = lead->rate_q16;
    angle->speed_q16 = slower_q16(lead, other);
    angle->worst_cdeg = rounded(most_of(lead->smooth_q16, other->smooth_q16));
    angle->head_down = angle->worst_cdeg > (returning ? ARRIVED_CDEG : LEVEL_CDEG);
    angle->moving = lasted(&angle->fast_ticks, size_of(lead->rate_q16) >= MOVING_Q16, MOVING_TICKS);
}

void angle_judge(struct angle *angle, bool head_down_side, bool returning, uint32_t latched)
{
    struct voter *const voter = &angle->voter;
    const enum suspect suspect = suspected(latched);
    const bool doubted = (latched & CAUSE_LEVEL_SWITCH) != 0;
    const struct channel *lead = &voter->bed;
    const struct channel *other = &voter->drive;
    enum side side = head_down_side ? SIDE_HEAD_DOWN : SIDE_HEAD_UP;
    bool bed_out;
    bool drive_out;

    if (doubted) {
        side = SIDE_DOUBTED;
    }
    voter_judge(voter, side, suspect);
    /* One that failed before does not carry a person alone. A mirrored one agrees at 0°: it stays out until somebody
     * acknowledged it. */
    bed_out = voter->bed.failing || suspect == SUSPECT_BED;
    drive_out = voter->drive.failing || suspect == SUSPECT_DRIVE;
    if (voter->apart || (bed_out && drive_out)) {
        angle->causes = bed_out && drive_out ? CAUSE_NO_SENSOR : CAUSE_DISAGREEMENT;
        lose(angle, head_down_side, doubted);
        return;
    }
    angle->causes = 0;
    if (voter->bed.failing) {
        angle->causes = CAUSE_BED_SENSOR;
    }
    if (voter->drive.failing) {
        angle->causes = CAUSE_DRIVE_SENSOR;
    }
    if (bed_out) {
        lead = &voter->drive;
    }
    if (drive_out) {
        other = &voter->bed;
    }
    believe(angle, lead, other, returning);
    if ((angle->worst_cdeg > 0) == head_down_side) {
        angle->side_ticks = 0;
    } else {
        doubt_side(angle, head_down_side, lead == other);
        if ((latched & BLIND_MASK) != 0 && angle->side_ticks != 0 && angle->causes == 0) {
            /* Both failed before and agree again: first see whom the level switch belies. */
            angle->head_down = false;
        }
    }
}

int32_t angle_fastest_q16(const struct angle *angle)
{
    const struct channel *const bed = &angle->voter.bed;
    const struct channel *const drive = &angle->voter.drive;

    if (drive->failing) {
        return size_of(bed->rate_q16);
    }
    if (bed->failing) {
        return size_of(drive->rate_q16);
    }
    return most_of(size_of(bed->rate_q16), size_of(drive->rate_q16));
}

int16_t angle_exposed_cdeg(const struct angle *angle)
{
    if (angle->trusted) {
        return angle->worst_cdeg;
    }
    if (!angle->head_down) {
        return 0;
    }
    return angle->worst_cdeg > EXPOSED_CDEG ? angle->worst_cdeg : (int16_t)(EXPOSED_CDEG + 1);
}
