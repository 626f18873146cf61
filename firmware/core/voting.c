#include "voting.h"

#include "apart.h"
#include "fixed.h"

#define JUMP_CDEG 250
#define BAD_WEIGHT 2u
#define BAD_LIMIT 10u
#define STILL_SAMPLES_BED 50u
#define STILL_SAMPLES_DRIVE 200u
#define SUSPECT_SAMPLES 40u
#define APART_Q16 Q16(300)
#define APART_TICKS 10
#define SIDE_Q16 Q16(100)
#define STARTING_TICKS 20
#define SETTLED_TICKS 50

/* ALPHA is 2/25, BETA / 10 ms is 7/20. */
#define SAMPLES_PER_S 100
#define SMOOTH_LIMIT_Q16 Q16(12000)
/* A channel that is passed over goes on at its rate, for hours: it ends here, beyond every angle there is, and far
 * enough from all of them to be apart. */
#define RATE_LIMIT_Q16 Q16(30000)
#define SURPRISE_LIMIT_Q16 Q16(4000)
/* Both beyond what readings that pass can make of them: a ramp of 2.5° in 10 ms surprises by 20°. Seven times the
 * surprise fits into 32 bits. */

APART static void channel_begin(struct channel *channel, uint8_t still_limit)
{
    *channel = (struct channel){0};
    channel->still_limit = still_limit;
    channel->failing = true;
}

void voter_start(struct voter *voter)
{
    channel_begin(&voter->bed, STILL_SAMPLES_BED);
    channel_begin(&voter->drive, STILL_SAMPLES_DRIVE);
    voter->doubt_ticks = -STARTING_TICKS;
    voter->apart = false;
}

/* This sensor lies: by its own readings, or by other evidence. */
APART static void channel_fail(struct channel *channel)
{
    channel->failing = true;
    channel->implausible = true;
}

static void place(struct channel *channel, int16_t cdeg)
{
    channel->cdeg = cdeg;
    channel->met = true;
    channel->smooth_q16 = Q16(cdeg);
    channel->rate_q16 = 0;
}

static int32_t guess_q16(const struct channel *channel)
{
    return within(channel->smooth_q16 + divided(channel->rate_q16, SAMPLES_PER_S), SMOOTH_LIMIT_Q16);
}

static void pass_over(struct channel *channel)
{
    channel->implausible = true;
    channel->smooth_q16 = guess_q16(channel);
    channel->bad = (uint8_t)(channel->bad + BAD_WEIGHT);
    if (channel->bad >= BAD_LIMIT) {
        channel->bad = BAD_LIMIT;
        channel_fail(channel);
    }
}

/* Two readings, both inside the range: they differ by what fits. */
static bool jumps(int16_t from_cdeg, int16_t to_cdeg)
{
    const int16_t change_cdeg = (int16_t)(to_cdeg - from_cdeg);

    return change_cdeg > JUMP_CDEG || change_cdeg < -JUMP_CDEG;
}

void channel_take(struct channel *channel, int16_t cdeg)
{
    int32_t guessed_q16;
    int32_t surprise_q16;

    if (cdeg < -RANGE_CDEG || cdeg > RANGE_CDEG) {
        pass_over(channel);
        return;
    }
    if (!channel->met) {
        channel->failing = channel->bad >= BAD_LIMIT;
        place(channel, cdeg);
        return;
    }
    if (jumps(channel->cdeg, cdeg)) {
        pass_over(channel);
        if (channel->failing) {
            place(channel, cdeg);
        }
        return;
    }
    guessed_q16 = guess_q16(channel);
    surprise_q16 = within(Q16(cdeg) - guessed_q16, SURPRISE_LIMIT_Q16);
    channel->smooth_q16 = within(guessed_q16 + share(surprise_q16, 2, 25), SMOOTH_LIMIT_Q16);
    channel->rate_q16 = within(channel->rate_q16 + share(surprise_q16, 7, 20), RATE_LIMIT_Q16);
    if (channel->bad > 0) {
        channel->bad--;
    }
    if (cdeg != channel->cdeg) {
        channel->cdeg = cdeg;
        channel->still_samples = 0;
        return;
    }
    if (lasted(&channel->still_samples, true, channel->still_limit)) {
        channel_fail(channel);
    }
}

/* A fault is gone when everything has been plausible, and both have agreed, for a second. */
static void heal(struct voter *voter, bool apart)
{
    if (apart || voter->bed.implausible || voter->drive.implausible) {
        voter->doubt_ticks = 0;
    } else {
        voter->doubt_ticks++;
    }
    voter->bed.implausible = false;
    voter->drive.implausible = false;
    if (voter->doubt_ticks >= SETTLED_TICKS) {
        voter->bed.failing = false;
        voter->drive.failing = false;
        voter->apart = false;
        voter->doubt_ticks = 0;
    }
}

/* Whether a sensor is clearly on the other side than the level switch. */
static bool contradicts(const struct channel *channel, enum side side)
{
    if (side == SIDE_DOUBTED) {
        return false;
    }
    return side == SIDE_HEAD_DOWN ? channel->smooth_q16 < -SIDE_Q16 : channel->smooth_q16 > SIDE_Q16;
}

static bool lies(const struct channel *channel, enum side side)
{
    return channel->still_samples >= SUSPECT_SAMPLES || contradicts(channel, side);
}

/* They differ: one that does not move, contradicts the level switch or failed before is the one that lies. */
static void attribute(struct voter *voter, enum side side, enum suspect suspect)
{
    bool bed_lies = lies(&voter->bed, side);
    bool drive_lies = lies(&voter->drive, side);

    voter->doubt_ticks = 0;
    if (bed_lies == drive_lies) {
        bed_lies = suspect == SUSPECT_BED;
        drive_lies = suspect == SUSPECT_DRIVE;
    }
    if (bed_lies == drive_lies) {
        voter->apart = true;
    } else if (bed_lies) {
        channel_fail(&voter->bed);
    } else {
        channel_fail(&voter->drive);
    }
}

void voter_judge(struct voter *voter, enum side side, enum suspect suspect)
{
    const bool apart = size_of(voter->bed.smooth_q16 - voter->drive.smooth_q16) > APART_Q16;

    if (voter->bed.failing || voter->drive.failing || voter->apart) {
        heal(voter, apart);
    } else if (!apart) {
        voter->doubt_ticks = voter->doubt_ticks < 0 ? (int8_t)(voter->doubt_ticks + 1) : 0;
    } else {
        voter->doubt_ticks++;
        if (voter->doubt_ticks >= APART_TICKS) {
            attribute(voter, side, suspect);
        }
    }
}
