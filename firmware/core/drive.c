#include "drive.h"

#include "apart.h"
#include "fixed.h"

#define TICKS_PER_S 50
#define ACCELERATION_Q16 Q16(100)
#define JERK_STEP_Q16 Q16(4)
#define FULL_CDPS 320
#define LEAD_LIMIT_Q16 Q16(50)
#define OVERRUN_LIMIT_Q16 Q16(200)
#define INTEGRAL_LIMIT_Q16 Q16(100)
#define WAITING_Q16 Q16(50)
#define SLEW_STEP_Q16 Q16_HUNDREDTHS(250)
#define GAINED_Q16 Q16(25)
#define PUSH_PER_S 5
#define SLOW_CDPS 10
/* Beyond it two of them are the same: the rate is capped at a third of it. */
#define TARGET_LIMIT_CDPS 1000
/* Nothing is that fast: a plan passes its cap by a few hundredths of a degree a second only, and what the motor is given
 * passes the kernel. It is said here so that no sum can run away. */
#define RATE_LIMIT_Q16 Q16(400)

/* cos(0.65 · angle) in 1/32768 for every 10.24° of distance from the middle of the travel, at -10°: what lies between
 * is off by less than 0.2 %. */
static const uint16_t PART[] = {32768, 32547, 31888, 30798, 29293, 27394, 25125, 22518,
                                19607, 16432, 13035, 9462,  5762,  1984};
#define PART_STEP_CDEG 1024u
#define PART_LAST_CDEG 13000
#define MID_TRAVEL_CDEG (-1000)

int16_t drive_power(int16_t rate_cdps, int32_t angle_q16)
{
    const uint16_t away_cdeg =
        (uint16_t)least(size_of((int32_t)rounded(angle_q16) - MID_TRAVEL_CDEG), PART_LAST_CDEG);
    const uint8_t at = (uint8_t)(away_cdeg / PART_STEP_CDEG);
    const uint16_t past_cdeg = away_cdeg % PART_STEP_CDEG;
    const uint16_t part = (uint16_t)(PART[at] - (uint16_t)share(past_cdeg, PART[at] - PART[at + 1u], PART_STEP_CDEG));

    return (int16_t)within(share(within(rate_cdps, 2 * FULL_CDPS), part, FULL_CDPS), INT16_MAX);
}

/* Roots are taken of 1/4096, so that they come out in 1/64: 64 of these make a q16 of 1024 each. */
#define OF_ROOT 1024
#define TO_SQUARE 16

/* The root of so many times a distance and of a constant in 1/4096, rounded down, bit by bit. */
APART static int32_t root_q16(int32_t far_q16, uint16_t times, uint32_t plus_q12)
{
    uint32_t rest = (uint32_t)divided(far_q16, TO_SQUARE) * times + plus_q12;
    uint32_t found = 0;

    //@ loop unroll 16;
    for (uint32_t bit = UINT32_C(1) << 30; bit != 0; bit >>= 2) {
        const uint32_t next = found + bit;

        found >>= 1;
        if (rest >= next) {
            rest -= next;
            found += bit;
        }
    }
    return (int32_t)found * OF_ROOT;
}

/* How fast to go so far from where to stop: 1.5 times the distance a second, and no more than what 0.45 °/s² end. */
static int32_t closing_q16(int32_t distance_q16)
{
    /* Above 54° both ways of it are faster than any cap. */
    const int32_t far_q16 = least(size_of(distance_q16), Q16(5400));
    int32_t rate_q16;

    if (far_q16 < Q16(40)) {
        rate_q16 = share(far_q16, 3, 2);
    } else {
        rate_q16 = root_q16(far_q16, 90, 0);
    }
    return distance_q16 < 0 ? -rate_q16 : rate_q16;
}

/* How far a target goes on until it rests, if it slows down from now on: rate · (|rate| / 0.9 + 0.5) / 2. */
static int32_t slowing_q16(int16_t rate_cdps)
{
    const int32_t rate = rate_cdps;

    return share(rate * size_of(rate), 256, 180) * 256 + rate * (ONE_Q16 / 4);
}

/* How fast a reference may be that ends so far ahead, with its whole acceleration; 0 if that is behind it. */
static int32_t ending_q16(int32_t distance_q16)
{
    /* Above 8° it is faster than any cap. */
    const int32_t far_q16 = least(distance_q16, Q16(800));

    if (distance_q16 <= 0) {
        return 0;
    }
    return root_q16(far_q16, 200, UINT32_C(625) * 4096u) - Q16(25);
}

void reference_place(struct reference *reference, int32_t angle_q16, int16_t rate_cdps)
{
    reference->angle_q16 = angle_q16;
    reference->rate_q16 = Q16(rate_cdps);
    reference->acceleration_q16 = 0;
}

/* The table does not come along: become faster gently. `ahead`: towards head down. */
static void wait(struct reference *reference, bool ahead)
{
    if ((reference->acceleration_q16 > 0) == ahead) {
        reference->acceleration_q16 = within(reference->acceleration_q16, WAITING_Q16);
    }
}

APART static int32_t turned(int32_t value, bool rising)
{
    return rising ? value : -value;
}

/* The acceleration that still lets it end where the target can, whenever that begins to slow down. Judged from where
 * it is once its acceleration has ended. What is as fast as the target need not be slower. */
static int32_t caught_q16(const struct reference *reference, int32_t push_q16, int32_t target_q16, int16_t target_cdps,
                          int16_t cap_cdps)
{
    /* Seconds in 1/4096: the acceleration, at most 1 °/s², by the jerk of 2 °/s³. */
    const int32_t easing_q12 = divided(size_of(reference->acceleration_q16), 3200);
    const int32_t acceleration_q8 = divided(reference->acceleration_q16, 256);
    const int32_t rate_q16 = reference->rate_q16 + divided(acceleration_q8 * size_of(acceleration_q8), 400);
    const int32_t gone_q16 = divided(divided(reference->rate_q16, 256) * easing_q12, 16);
    const int32_t gained_q16 = divided(divided(acceleration_q8 * easing_q12, 256) * easing_q12, 768);
    const int32_t left_q16 = target_q16 + slowing_q16(target_cdps) - reference->angle_q16 - gone_q16 - gained_q16;
    const bool rising = rate_q16 > 0;
    const int32_t ending = ending_q16(turned(left_q16, rising));
    const int32_t most_q16 = least(most_of(ending, turned(Q16(target_cdps), rising) + GAINED_Q16), Q16(cap_cdps));

    /* Downwards it is the same, seen from the other side. */
    return turned(least(turned(push_q16, rising), (most_q16 - turned(rate_q16, rising)) * PUSH_PER_S), rising);
}

void reference_approach(struct reference *reference, int32_t target_q16, int16_t target_cdps, int16_t cap_cdps,
                        int16_t low_cdeg, int16_t high_cdeg)
{
    const int16_t moves_cdps = (int16_t)within(target_cdps, TARGET_LIMIT_CDPS);
    const int32_t angle_q16 = reference->angle_q16;
    const int32_t low_q16 = Q16(low_cdeg) - angle_q16;
    const int32_t high_q16 = Q16(high_cdeg) - angle_q16;
    int32_t wanted_q16 = Q16(moves_cdps) + closing_q16(target_q16 - angle_q16);
    int32_t push_q16;

    wanted_q16 = least(most_of(wanted_q16, closing_q16(low_q16)), closing_q16(high_q16));
    push_q16 = (within(wanted_q16, Q16(cap_cdps)) - reference->rate_q16) * PUSH_PER_S;
    push_q16 = within(caught_q16(reference, push_q16, target_q16, moves_cdps, cap_cdps), ACCELERATION_Q16);
    reference->acceleration_q16 = most_of(least(push_q16, reference->acceleration_q16 + JERK_STEP_Q16),
                                          reference->acceleration_q16 - JERK_STEP_Q16);
    reference->rate_q16 =
        within(reference->rate_q16 + divided(reference->acceleration_q16, TICKS_PER_S), RATE_LIMIT_Q16);
    reference->angle_q16 += divided(reference->rate_q16, TICKS_PER_S);
}

bool reference_ends(const struct reference *reference, int32_t target_q16, int16_t target_cdps)
{
    const int32_t away_q16 = target_q16 - reference->angle_q16;
    const int32_t rate_q16 = reference->rate_q16;

    if (size_of(away_q16) >= NEAR_Q16 || size_of(target_cdps) >= SLOW_CDPS) {
        return false;
    }
    if (size_of(rate_q16) < Q16(SLOW_CDPS)) {
        return true;
    }
    return opposed(rate_q16, away_q16);
}

void follower_rest(struct follower *follower, int16_t rate_cdps)
{
    follower->integral_q16 = 0;
    follower->rate_q16 = Q16(rate_cdps);
}

void follower_gave(struct follower *follower, int16_t rate_cdps)
{
    if (rate_cdps != rounded(follower->rate_q16)) {
        follower->rate_q16 = Q16(rate_cdps);
    }
}

int32_t follower_asked_q16(const struct follower *follower)
{
    const int32_t rate_q16 = follower->rate_q16;
    const int32_t load_q16 = follower->integral_q16;
    int32_t rest_q16;

    if (rate_q16 == 0 || opposed(rate_q16, load_q16)) {
        return rate_q16;
    }
    rest_q16 = rate_q16 - load_q16;
    return opposed(rest_q16, rate_q16) ? 0 : rest_q16;
}

int16_t follower_rate_cdps(struct follower *follower, struct reference *reference, int32_t angle_q16, bool hurry)
{
    const int32_t away_q16 = reference->angle_q16 - angle_q16;
    const bool ahead = !opposed(away_q16, reference->rate_q16);
    int32_t error_q16 = within(away_q16, ahead ? LEAD_LIMIT_Q16 : OVERRUN_LIMIT_Q16);
    int32_t integral_q16;
    int32_t change_q16;
    int32_t slewed_q16;

    reference->angle_q16 = angle_q16 + error_q16;
    if (error_q16 != away_q16) {
        wait(reference, error_q16 > 0);
    }
    if (ahead && !hurry) {
        error_q16 = 0;
    }
    integral_q16 = within(follower->integral_q16 + divided(error_q16, 125), INTEGRAL_LIMIT_Q16);
    change_q16 = reference->rate_q16 + divided(error_q16, 5) * 6 + integral_q16 - follower->rate_q16;
    slewed_q16 = within(change_q16, SLEW_STEP_Q16);
    if (slewed_q16 == change_q16) {
        /* The correction is not summed up where the motor may not follow it. */
        follower->integral_q16 = integral_q16;
    }
    follower->rate_q16 = within(follower->rate_q16 + slewed_q16, RATE_LIMIT_Q16);
    return rounded(follower->rate_q16);
}
