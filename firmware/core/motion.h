/* How the table is moved: rest, brake, return to level (R1), blind return (R2), follow a lease, back off a stall. The
 * twin of simulator/motion.py. Whatever a motion wants passes the kernel: nothing moves towards head down that may not.
 */
#ifndef BASCULE_MOTION_H
#define BASCULE_MOTION_H

#include <stdbool.h>
#include <stdint.h>

#include "angle.h"
#include "drive.h"
#include "watch.h"

/* What the unit gives to motor (±32767, + towards head down) and brake. */
struct command {
    int16_t power;
    bool brake;
};

/* `power`, `braked`: what the motor and the brake are given; `out_cdps`: the rate that this is; `fault`: what the motion
 * ended with. `blind_ticks`: how long a blind return has lasted; `back_off_ms`: for how long a stall is still backed off,
 * which ends in a fault. */
struct motion {
    enum fault fault;
    uint16_t blind_ticks;
    uint16_t blind_limit_ticks;
    int16_t back_off_ms;
    int16_t out_cdps;
    int16_t power;
    uint8_t arrived_ticks;
    uint8_t wait_ticks;
    uint8_t stall_ticks;
    bool following;
    bool returning;
    bool braked;
    struct reference reference;
    struct follower follower;
    struct progress bed_progress;
    struct progress drive_progress;
};

/* A leased target by now, and what may be done to reach it. */
struct aim {
    int16_t target_cdeg;
    int16_t rate_cdps;
    int16_t limit_cdeg;
    bool increase;
};

void motion_start(struct motion *motion);

/* Motor off, brake on, at once. */
void motion_rest(struct motion *motion);

/* The protective stop, then the brake. */
void motion_brake(struct motion *motion, const struct angle *angle);

/* R1: towards level, closed loop; whatever still rises is braked first. */
void motion_return(struct motion *motion, const struct angle *angle, int16_t cap_cdps);

/* R2: slowly head-up, for as long as the slowest drive would need from the last trusted angle. */
void motion_return_blind(struct motion *motion, const struct angle *angle);

/* The blind return is over, and the angle is not known: a fault. */
void motion_end_blind(struct motion *motion);

/* A person wishes one that has ended to go on for a while. */
void motion_blind_again(struct motion *motion);

/* F10: what stalls on the way up gives way before it holds. On the way down only a fault is left. */
void motion_watch_stall(struct motion *motion, const struct angle *angle, uint16_t current_ma);

/* Away from what was in the way, towards head up, until it is far enough, stalls again, or is stopped. */
void motion_back_off(struct motion *motion, const struct angle *angle, uint16_t current_ma, bool allowed);

/* A leased target; at rest on it the brake goes on. */
void motion_follow(struct motion *motion, const struct angle *angle, const struct aim *aim);

#endif
