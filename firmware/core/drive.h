/* How the unit moves the table: a reference that keeps rate, acceleration and jerk, and a loop that follows it. The
 * twin of simulator/drive.py, which says why. Called once every 20 ms. */
#ifndef BASCULE_DRIVE_H
#define BASCULE_DRIVE_H

#include <stdbool.h>
#include <stdint.h>

#define TICK_MS 20u
#define ARRIVED_Q16 Q16(12)
#define LEFT_Q16 Q16(35)
#define NEAR_Q16 Q16(30)
/* The ends of a way are not further away than that, so that a way fits: beyond every angle there is. */
#define END_LIMIT_CDEG 16000

/* A point that moves smoothly. */
struct reference {
    int32_t angle_q16;
    int32_t rate_q16;
    int32_t acceleration_q16;
};

/* From the reference and the measured angle to a rate for the motor. */
struct follower {
    int32_t integral_q16;
    int32_t rate_q16;
};

/* The part of full power that makes this rate at this angle, ±32767. */
int16_t drive_power(int16_t rate_cdps, int32_t angle_q16);

/* Put the point somewhere, already moving. */
void reference_place(struct reference *reference, int32_t angle_q16, int16_t rate_cdps);

/* One tick towards a target that itself moves, so that it can still stop at both ends: each of them within
 * ±END_LIMIT_CDEG. */
void reference_approach(struct reference *reference, int32_t target_q16, int16_t target_cdps, int16_t cap_cdps,
                        int16_t low_cdeg, int16_t high_cdeg);

/* Whether it may as well rest where it is: near a target that rests, or nearly, and slow by now or past it. */
bool reference_ends(const struct reference *reference, int32_t target_q16, int16_t target_cdps);

/* Forget the correction: the motor is given this rate by something else, or stands. */
void follower_rest(struct follower *follower, int16_t rate_cdps);

/* What the motor was really given: the next rate begins there. */
void follower_gave(struct follower *follower, int16_t rate_cdps);

/* What the last rate asks of the table at least: without a part of it that only holds the load. */
int32_t follower_asked_q16(const struct follower *follower);

/* The rate to give to the motor. `hurry`: a table that lags behind catches up; otherwise the reference only waits. */
int16_t follower_rate_cdps(struct follower *follower, struct reference *reference, int32_t angle_q16, bool hurry);

#endif
