/* The safety kernel of the unit, the twin of simulator/kernel.py: function for function and constant for constant.
 *
 * What its functions are for, and why each number is what it is, stands there; what they never do is proved there.
 * tests/firmware compares both, so that the proof of one speaks for the other.
 *
 * Angles in hundredths of a degree (cdeg), rates in hundredths of a degree a second (cdps), + towards head down; times
 * in milliseconds. An int has 16 bits on the chip, so that every sum of two of these is made in 32. Where a clock is
 * meant, it runs modulo 2^32: two times of it are less than 24 days apart. */
#ifndef BASCULE_KERNEL_H
#define BASCULE_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "wire.h"

#define LEVEL_CDEG 150
#define EXPOSED_CDEG 500
#define HARD_LIMIT_CDEG 6000
#define HARD_RATE_CDPS 300
#define SLOW_RATE_CDPS 100
#define TRIP_CDPS 500
#define OVER_ANGLE_MARGIN_CDEG 100
#define TOLERANCE_CDEG 100
#define BRAKING_STEP_CDPS 9
#define BRAKING_UP_STEP_CDPS 8
#define LEASE_LIMIT_MS 500u
#define LOWEST_CDEG (-8000)
#define RISING_CDEG 50
#define BLIND_CDPS (-80)
#define BACK_OFF_CDPS (-100)
#define BLIND_STEP_CDPS 8
#define FROZEN_MS UINT32_C(20000)
#define FREEZE_RESTARTS 3u
#define EPISODE_END_MS UINT32_C(60000)

#define HOLD_MASK CAUSES_HOLD
#define BLIND_MASK CAUSES_BLIND_LEVEL
#define LEVEL_MASK CAUSES_LEVEL
#define LATCHING_MASK CAUSES_LATCHING
#define BLOCKING_MASK (CAUSES_ALL & ~(CAUSE_STOPPED | CAUSE_LEASE_EXPIRED))
#define ENDS_AT_LEVEL                                                                                                  \
    (CAUSE_LEVEL_WISHED | CAUSE_OVER_TIME | CAUSE_ANKLES_OPEN | CAUSE_FROZEN_LONG | CAUSE_RESTARTED |                  \
     CAUSE_MOTOR_HOT | CAUSE_SUPPLY_LOW)
#define KEPT (ENDS_AT_LEVEL | CAUSE_STOPPED | CAUSE_HOST_SILENT | CAUSE_LEASE_EXPIRED)
#define RELEASED (CAUSE_ESTOP | CAUSE_LOWERING)
#define VOIDING (RELEASED | CAUSE_ANKLES_OPEN | CAUSE_OCCUPANT_LOST | CAUSE_PERSON_LOST | CAUSE_HOST_SILENT)

/* What a rung makes of the table: brake on at once; a protective stop; R1; R2; the lease. */
enum reaction {
    REST = 0,
    BRAKE = 1,
    RETURN = 2,
    RETURN_BLIND = 3,
    FOLLOW = 4,
};

/* Causes and rung. */
uint8_t kernel_rung(uint32_t active, uint32_t latched, bool head_down);
uint8_t kernel_reaction(uint8_t rung_now, uint32_t active, bool leased);
uint32_t kernel_stop(uint32_t active, bool repeated);
bool kernel_restarts_freeze(bool repeated, uint8_t restarts);
uint32_t kernel_thaw(uint32_t active, bool head_down, bool driven, uint32_t frozen_ms);
uint32_t kernel_wish_level(uint32_t active, bool head_down);
uint32_t kernel_begin(uint32_t active);
uint32_t kernel_judge_host(uint32_t active, bool silent, bool expired, bool head_down, bool moving);
uint32_t kernel_judge_person(bool occupied, bool ankles_locked, bool concerned);
bool kernel_voids(uint32_t before, uint32_t active);
uint32_t kernel_settle(uint32_t active, bool head_down, bool moving, bool at_level);
uint32_t kernel_latch(uint32_t latched, uint32_t active);
uint32_t kernel_acknowledge(uint32_t latched, uint32_t active, bool head_down);

/* Grants. What refuses gives an `enum reject`, or 0. */
bool kernel_lease_runs(uint32_t since_ms, uint16_t asked_ms, uint32_t now_ms);
uint8_t kernel_refuse_setpoint(uint16_t quoted_stop_count, uint16_t stop_count, uint8_t rung_now, bool frozen,
                               bool trusted, bool secured, bool armed, int16_t target_cdeg, int16_t angle_cdeg);
uint8_t kernel_refuse_arm(uint16_t quoted_stop_count, uint16_t stop_count, bool secured, bool moving, bool trusted,
                          bool head_down, uint32_t active, uint32_t latched);
bool kernel_may_arm(uint32_t active, uint32_t latched, bool occupied, bool ankles_locked, bool trusted, bool moving,
                    bool head_down);
bool kernel_may_increase(bool armed, bool leased, bool trusted, uint32_t active, uint32_t latched,
                         int32_t time_left_ms);
bool kernel_may_follow(bool occupied, bool ankles_locked, bool trusted);

/* Angle and rate. `cap_cdps` is never negative. */
int16_t kernel_limit(int16_t own_cdeg, int16_t asked_cdeg);
bool kernel_over_angle(int16_t worst_cdeg, int16_t limit_cdeg);
int16_t kernel_target(int32_t asked_cdeg, int16_t limit_cdeg, int16_t lowest_cdeg);
int16_t kernel_braking(int16_t last_cdps);
int16_t kernel_rate(int16_t wanted_cdps, int16_t cap_cdps, bool increase, int16_t worst_cdeg, int16_t limit_cdeg);
int16_t kernel_drive(int16_t last_cdps, int16_t wanted_cdps, int16_t cap_cdps, bool increase, int16_t worst_cdeg,
                     int16_t limit_cdeg);
int16_t kernel_drive_home(int16_t last_cdps, int16_t wanted_cdps, int16_t cap_cdps);
int16_t kernel_drive_blind(int16_t last_cdps);
int16_t kernel_drive_back(int16_t last_cdps);
int16_t kernel_return_rate_cap(bool stopped, bool ankles_open);

/* Head-down time. A count that would not fit any more stays at its end: too much is counted, never too little. */
uint32_t kernel_count_ms(uint32_t count_ms, int16_t worst_cdeg, uint32_t elapsed_ms);
uint32_t kernel_below_ms(uint32_t below_ms, int16_t worst_cdeg, uint32_t elapsed_ms);
bool kernel_episode_over(uint32_t below_ms);
int16_t kernel_strictest_cdeg(int16_t strictest_cdeg, int16_t worst_cdeg);
uint32_t kernel_continuous_limit_ms(int16_t strictest_cdeg);

#endif
