/* Tests of the core in C: what the tests in Python, which play whole sessions, do not reach. They run under the
 * sanitizers of gcc: an overflow or a byte beyond an end ends them. `make -C firmware check`. */
#include <stdio.h>
#include <string.h>

#include "drive.h"
#include "fixed.h"
#include "framing.h"
#include "memory.h"
#include "supply.h"
#include "unit.h"

/* 50 ticks a second. */
#define HOUR_TICKS 180000L
#define ONE_HEAT 134217728

static int failures;

static void expect(bool so, const char *what, int line)
{
    if (!so) {
        failures++;
        printf("line %d: not so: %s\n", line, what);
    }
}

#define EXPECT(what) expect((what), #what, __LINE__)

/* ---- numbers ---------------------------------------------------------------------------------------------------- */

static void test_numbers_are_cut_and_rounded(void)
{
    EXPECT(within(7, 5) == 5 && within(-7, 5) == -5 && within(3, 5) == 3);
    EXPECT(size_of(-3) == 3 && size_of(3) == 3);
    EXPECT(rounded(98304) == 2 && rounded(-98304) == -2 && rounded(98303) == 1 && rounded(-98303) == -1);
    EXPECT(opposed(1, -1) && opposed(-1, 1) && !opposed(0, -1) && !opposed(-1, 0) && !opposed(2, 1));
    EXPECT(share(-7, 3, 2) == -10 && divided(-7, 2) == -3);
}

static void test_ticks_are_counted_as_far_as_a_byte_goes(void)
{
    uint8_t ticks = 0;

    for (int i = 0; i < 1000; i++) {
        EXPECT(lasted(&ticks, true, 200) == (i >= 199));
    }
    EXPECT(ticks == 255);
    EXPECT(!lasted(&ticks, false, 200) && ticks == 0);
}

/* ---- frames ----------------------------------------------------------------------------------------------------- */

static void test_the_checksum_is_the_known_one(void)
{
    uint16_t crc = 0xFFFF;

    for (const char *at = "123456789"; *at != '\0'; at++) {
        crc = crc_add(crc, (uint8_t)*at);
    }
    EXPECT(crc == 0x29B1);
}

static void test_every_size_goes_through_a_frame_and_back(void)
{
    struct deframer deframer;
    uint8_t payload[64];
    uint8_t frame[69];

    deframer_start(&deframer);
    for (uint8_t size = 1; size <= 64; size++) {
        /* All zeros, none, and some. */
        for (uint8_t every = 1; every <= 3; every++) {
            uint8_t used;
            enum found found = FOUND_NOTHING;

            for (uint8_t i = 0; i < size; i++) {
                payload[i] = i % every == 0 ? 0 : i;
            }
            used = frame_encode(payload, size, frame);
            EXPECT(used == size + 5);
            for (uint8_t i = 0; i < used; i++) {
                found = deframer_take(&deframer, frame[i]);
            }
            EXPECT(found == FOUND_PAYLOAD && deframer.size == size && memcmp(deframer.body, payload, size) == 0);
        }
    }
}

static void test_a_frame_without_an_end_is_held_no_further_than_a_frame_is_long(void)
{
    struct deframer deframer;

    deframer_start(&deframer);
    for (int i = 0; i < 100000; i++) {
        EXPECT(deframer_take(&deframer, 0xFF) == FOUND_NOTHING);
    }
    EXPECT(deframer_take(&deframer, 0) == FOUND_DAMAGE && deframer.damage == DAMAGE_OVERLONG);
}

/* ---- sums that never end ---------------------------------------------------------------------------------------- */

/* A reference that goes on while the table stands overflows after 46 minutes, into full speed the other way. */
static void test_a_reference_stays_by_a_table_that_stands_for_hours(void)
{
    struct reference reference;
    struct follower follower;
    int32_t most_q16 = 0;
    int16_t highest_cdps = 0;

    reference_place(&reference, 0, 0);
    follower_rest(&follower, 0);
    for (long i = 0; i < 6 * HOUR_TICKS; i++) {
        reference_approach(&reference, Q16(6000), 300, 300, -8000, 6000);
        highest_cdps = (int16_t)most_of(highest_cdps, follower_rate_cdps(&follower, &reference, 0, true));
        follower_gave(&follower, 300);
        most_q16 = most_of(most_q16, size_of(reference.angle_q16));
    }
    EXPECT(most_q16 <= Q16(200) && most_q16 > 0);
    EXPECT(highest_cdps > 0 && highest_cdps <= 303);
    EXPECT(size_of(reference.rate_q16) <= Q16(400));
}

static void test_a_reference_that_is_pushed_to_and_fro_keeps_its_rate(void)
{
    struct reference reference;
    uint32_t noise = 1;

    reference_place(&reference, 0, 300);
    for (long i = 0; i < HOUR_TICKS; i++) {
        noise = noise * 1103515245u + 12345u;
        reference_approach(&reference, Q16((int16_t)(noise >> 18) - 8192), (int16_t)(noise >> 16), 300, -8000, 6000);
        EXPECT(size_of(reference.rate_q16) <= Q16(330));
        EXPECT(size_of(reference.acceleration_q16) <= Q16(100));
        reference.angle_q16 = within(reference.angle_q16, Q16(12000));
    }
}

static void test_a_sensor_that_is_passed_over_for_hours_ends_at_120_degrees(void)
{
    struct voter voter;

    voter_start(&voter);
    /* A ramp that passes, as fast as one may, and then nothing that does. */
    for (int16_t cdeg = -9400; cdeg < 9400; cdeg = (int16_t)(cdeg + 240)) {
        channel_take(&voter.bed, cdeg);
    }
    for (long i = 0; i < 2 * HOUR_TICKS; i++) {
        channel_take(&voter.bed, INT16_MAX);
    }
    EXPECT(voter.bed.smooth_q16 == Q16(12000) && voter.bed.failing);
}

/* ---- what is remembered ----------------------------------------------------------------------------------------- */

static void test_no_heat_is_believed_that_no_current_makes(void)
{
    struct memory memory = {0};
    struct supply supply;

    supply_start(&supply);
    memory.heat_q27 = INT32_MIN;
    supply_tick(&supply, &memory, 12500, 0);
    EXPECT(memory.heat_q27 == 0);
    memory.heat_q27 = INT32_MAX;
    supply_tick(&supply, &memory, 12500, UINT16_MAX);
    EXPECT(memory.heat_q27 > 8 * ONE_HEAT && memory.heat_q27 <= 9 * ONE_HEAT);
    EXPECT((supply.causes & CAUSE_MOTOR_HOT) != 0);
}

static void test_a_memory_that_did_not_survive_is_forgotten(void)
{
    struct memory memory;

    memset(&memory, 0x5A, sizeof memory);
    memory_boot(&memory, 0x12345678);
    EXPECT(memory_valid(&memory) && memory.boots == 1 && memory.head_down_s == 0 && memory.id == 0x1234);
    memory.episode_ms++;
    EXPECT(!memory_valid(&memory));
}

/* ---- the whole unit --------------------------------------------------------------------------------------------- */

static void test_rubbish_moves_nothing_and_is_told_of(void)
{
    static struct unit unit;
    struct readings readings = {0, 0, 0, 12500, true, true, false, false, false, false, false, false};
    uint8_t frame[FRAME_LIMIT];
    uint32_t noise = 7;
    uint32_t frames = 0;

    memset(&unit, 0xA5, sizeof unit);
    unit_start(&unit, 99, 1);
    for (uint32_t tick = 1; tick <= 5000; tick++) {
        struct command command;

        for (int i = 0; i < 20; i++) {
            noise = noise * 1103515245u + 12345u;
            unit_receive(&unit, (noise >> 28) == 0 ? 0 : (uint8_t)(noise >> 16));
        }
        readings.bed_cdeg = (int16_t)((noise >> 24) % 5u);
        readings.drive_cdeg = (int16_t)((noise >> 20) % 5u);
        unit_sample(&unit, readings.bed_cdeg, readings.drive_cdeg);
        command = unit_tick(&unit, tick * 20u, &readings);
        EXPECT(command.brake && command.power == 0);
        while (unit_transmit(&unit, frame) > 0) {
            frames++;
        }
    }
    EXPECT(frames > 5000 && unit.link.deframer.damaged > 0);
}

/* ---- what sessions seldom do ------------------------------------------------------------------------------------ */

static struct angle trusted_at(int16_t cdeg)
{
    struct angle angle;

    angle_start(&angle);
    for (int i = 0; i < 100; i++) {
        channel_take(&angle.voter.bed, (int16_t)(cdeg + i % 3));
        channel_take(&angle.voter.drive, (int16_t)(cdeg + i % 4));
        angle_judge(&angle, cdeg > 0, false, 0);
    }
    EXPECT(angle.trusted);
    return angle;
}

static void test_nobody_is_suspected_where_both_failed_before(void)
{
    struct angle angle = trusted_at(2000);

    angle.voter.bed.failing = true;
    angle_judge(&angle, true, false, CAUSE_BED_SENSOR | CAUSE_DRIVE_SENSOR);
    EXPECT(angle.causes == CAUSE_BED_SENSOR && angle.trusted);
    angle_judge(&angle, true, false, CAUSE_DRIVE_SENSOR);
    EXPECT(angle.causes == CAUSE_NO_SENSOR && !angle.trusted);
}

static void test_sensors_that_go_apart_are_no_slip_of_the_brake(void)
{
    struct angle angle = trusted_at(2000);
    struct brake_watch watch = {0};

    for (int i = 0; i < 30; i++) {
        EXPECT(!brake_watch_tick(&watch, true, &angle.voter));
    }
    angle.voter.bed.smooth_q16 += Q16(151);
    angle.voter.drive.smooth_q16 -= Q16(151);
    EXPECT(!brake_watch_tick(&watch, true, &angle.voter));
    angle.voter.drive.smooth_q16 += Q16(302);
    EXPECT(brake_watch_tick(&watch, true, &angle.voter));
}

static void test_locks_count_as_open_until_they_were_seen_closed(void)
{
    const struct memory memory = {0};
    struct ladder ladder;

    ladder_start(&ladder, &memory);
    EXPECT(ladder_unlocked(&ladder));
    ladder.ankles_locked = true;
    EXPECT(!ladder_unlocked(&ladder));
    ladder.active |= CAUSE_ANKLES_OPEN;
    EXPECT(ladder_unlocked(&ladder));
}

static void test_a_blind_return_goes_on_where_a_stop_interrupted_it(void)
{
    const struct angle angle = trusted_at(2000);
    struct motion motion;

    motion_start(&motion);
    motion_return_blind(&motion, &angle);
    motion_return_blind(&motion, &angle);
    motion_rest(&motion);
    motion_return_blind(&motion, &angle);
    EXPECT(motion.blind_ticks == 3 && !motion.braked && motion.out_cdps < 0);
}

static void test_a_table_at_rest_does_not_stall(void)
{
    const struct angle angle = trusted_at(2000);
    struct motion motion;

    motion_start(&motion);
    for (int i = 0; i < 100; i++) {
        motion_watch_stall(&motion, &angle, UINT16_MAX);
    }
    EXPECT(motion.fault == FAULT_NONE && motion.stall_ticks == 0);
}

static void test_a_stall_while_giving_way_ends_it(void)
{
    const struct angle angle = trusted_at(2000);
    struct motion motion;
    int ticks = 0;

    motion_start(&motion);
    motion.braked = false;
    motion.back_off_ms = 1000;
    while (motion.back_off_ms > 0) {
        motion_back_off(&motion, &angle, UINT16_MAX, true);
        EXPECT(motion.out_cdps <= 0);
        ticks++;
    }
    EXPECT(ticks == 10 && motion.fault == FAULT_STALLED && motion.braked);
}

static void test_a_return_slows_down_before_it_turns_round(void)
{
    const struct angle angle = trusted_at(1000);
    const struct aim aim = {2000, 0, 6000, false};
    struct motion motion;

    motion_start(&motion);
    motion.braked = false;
    motion.following = true;
    motion.out_cdps = -100;
    reference_place(&motion.reference, angle.angle_q16, -100);
    follower_rest(&motion.follower, -100);
    motion_follow(&motion, &angle, &aim);
    EXPECT(motion.following && motion.out_cdps < 0);
    motion.out_cdps = 0;
    motion_follow(&motion, &angle, &aim);
    EXPECT(!motion.following && motion.power <= 0);
}

static void test_a_motor_that_cools_stays_warm_for_a_while(void)
{
    struct memory memory = {0};
    struct supply supply;

    supply_start(&supply);
    memory.heat_q27 = ONE_HEAT / 4 * 3;
    supply_tick(&supply, &memory, 12500, 0);
    EXPECT(supply.causes == CAUSE_MOTOR_WARM);
    memory.heat_q27 = ONE_HEAT / 100 * 65;
    supply_tick(&supply, &memory, 12500, 0);
    EXPECT(supply.causes == CAUSE_MOTOR_WARM);
    memory.heat_q27 = ONE_HEAT / 2;
    supply_tick(&supply, &memory, 12500, 0);
    EXPECT(supply.causes == 0);
    memory.heat_q27 = 3 * ONE_HEAT;
    EXPECT(supply_heat_percent(&memory) == 250);
}

static void test_a_motor_that_draws_what_its_power_asks_for_is_not_stalled(void)
{
    uint8_t ticks = 0;

    for (int i = 0; i < 100; i++) {
        EXPECT(!stall_tick(&ticks, 15000, 32767));
    }
}

/* ---- a whole unit, poked ---------------------------------------------------------------------------------------- */

static struct unit ready;
static struct readings sensed;
static uint32_t now_ms;

static uint16_t flags(void)
{
    return wire_get_u16(&ready.telemetry[17]);
}

static struct command tick_at(int16_t cdeg)
{
    sensed.bed_cdeg = (int16_t)(cdeg + (int16_t)(now_ms / 20u % 3u));
    sensed.drive_cdeg = (int16_t)(cdeg + (int16_t)(now_ms / 20u % 4u));
    unit_sample(&ready, sensed.bed_cdeg, sensed.drive_cdeg);
    unit_sample(&ready, (int16_t)(sensed.bed_cdeg + 1), (int16_t)(sensed.drive_cdeg + 1));
    sensed.head_down_side = cdeg > 0;
    now_ms += 20;
    return unit_tick(&ready, now_ms, &sensed);
}

/* At rest, with a person locked in and a host that was greeted. */
static void make_ready(int16_t cdeg)
{
    static const uint8_t hello[] = {HELLO_CODE, WIRE_VERSION, 7, 0, 0, 0};
    uint8_t frame[FRAME_LIMIT];
    const uint8_t size = frame_encode(hello, HELLO_SIZE, frame);

    memset(&ready, 0, sizeof ready);
    sensed = (struct readings){0, 0, 1000, 12500, true, true, false, false, false, false, false, false};
    now_ms = 0;
    unit_start(&ready, 5, 1);
    for (int i = 0; i < 60; i++) {
        (void)tick_at(cdeg);
    }
    for (uint8_t i = 0; i < size; i++) {
        unit_receive(&ready, frame[i]);
    }
}

static void arm(void)
{
    uint8_t payload[ARM_SIZE] = {ARM_CODE, 1, 0};
    uint8_t frame[FRAME_LIMIT];
    uint8_t size;

    wire_put_u16(&payload[1], (uint16_t)(ready.link.sequence + 1u));
    wire_put_u16(&payload[3], ready.link.nonce);
    wire_put_u16(&payload[5], ready.link.stop_count);
    size = frame_encode(payload, ARM_SIZE, frame);
    for (uint8_t i = 0; i < size; i++) {
        unit_receive(&ready, frame[i]);
    }
}

static void test_a_table_that_moves_by_hand_is_not_armed(void)
{
    make_ready(-400);
    arm();
    (void)tick_at(-400);
    arm();
    EXPECT(ready.grant.armed);
    make_ready(-1000);
    for (int16_t i = 0; i < 60; i++) {
        (void)tick_at((int16_t)(-1000 + 4 * i));
    }
    EXPECT(ready.angle.moving && ready.motion.out_cdps == 0);
    ready.link.waiting = 0;
    ready.link.bad_run = false;
    arm();
    EXPECT(!ready.grant.armed && ready.link.outbox[0].reason == REJECT_NOT_AT_REST);
}

static void test_what_is_sensed_is_told(void)
{
    make_ready(-400);
    sensed.end_head_down = true;
    sensed.current_ma = UINT16_MAX;
    (void)tick_at(-400);
    EXPECT((flags() & (FLAG_END_HEAD_DOWN | FLAG_END_HEAD_UP)) == FLAG_END_HEAD_DOWN);
    EXPECT(ready.telemetry[34] == 255);
    sensed.end_head_down = false;
    sensed.end_head_up = true;
    sensed.current_ma = 1900;
    (void)tick_at(-400);
    EXPECT((flags() & (FLAG_END_HEAD_DOWN | FLAG_END_HEAD_UP)) == FLAG_END_HEAD_UP);
    EXPECT(ready.telemetry[34] == 10);
}

static void give_way(void)
{
    make_ready(2000);
    ready.motion.braked = false;
    ready.motion.back_off_ms = 500;
}

static void test_nothing_gives_way_after_an_emergency_stop_or_without_an_angle(void)
{
    struct command command;

    give_way();
    (void)tick_at(2000);
    EXPECT(ready.motion.back_off_ms == 480 && ready.motion.out_cdps < 0);
    give_way();
    sensed.estop = true;
    command = tick_at(2000);
    EXPECT(command.brake && command.power == 0 && ready.motion.back_off_ms == 0);
    give_way();
    ready.angle.voter.apart = true;
    command = tick_at(2000);
    EXPECT(command.brake && command.power == 0 && ready.motion.back_off_ms == 0);
}

static void test_a_clock_that_begins_anew_makes_no_new_start(void)
{
    make_ready(-400);
    sensed.estop = true;
    now_ms = UINT32_MAX - 39u;
    (void)tick_at(-400);
    now_ms = 0;
    sensed.estop = false;
    (void)tick_at(-400);
    EXPECT((wire_get_u32(&ready.telemetry[20]) & CAUSE_ESTOP) == 0 && ready.settled);
}

int main(void)
{
    test_numbers_are_cut_and_rounded();
    test_ticks_are_counted_as_far_as_a_byte_goes();
    test_the_checksum_is_the_known_one();
    test_every_size_goes_through_a_frame_and_back();
    test_a_frame_without_an_end_is_held_no_further_than_a_frame_is_long();
    test_a_reference_stays_by_a_table_that_stands_for_hours();
    test_a_reference_that_is_pushed_to_and_fro_keeps_its_rate();
    test_a_sensor_that_is_passed_over_for_hours_ends_at_120_degrees();
    test_no_heat_is_believed_that_no_current_makes();
    test_a_memory_that_did_not_survive_is_forgotten();
    test_rubbish_moves_nothing_and_is_told_of();
    test_nobody_is_suspected_where_both_failed_before();
    test_sensors_that_go_apart_are_no_slip_of_the_brake();
    test_locks_count_as_open_until_they_were_seen_closed();
    test_a_blind_return_goes_on_where_a_stop_interrupted_it();
    test_a_table_at_rest_does_not_stall();
    test_a_stall_while_giving_way_ends_it();
    test_a_return_slows_down_before_it_turns_round();
    test_a_motor_that_cools_stays_warm_for_a_while();
    test_a_motor_that_draws_what_its_power_asks_for_is_not_stalled();
    test_a_table_that_moves_by_hand_is_not_armed();
    test_what_is_sensed_is_told();
    test_nothing_gives_way_after_an_emergency_stop_or_without_an_angle();
    test_a_clock_that_begins_anew_makes_no_new_start();
    printf(failures == 0 ? "all as expected\n" : "%d not as expected\n", failures);
    return failures == 0 ? 0 : 1;
}
