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
    printf(failures == 0 ? "all as expected\n" : "%d not as expected\n", failures);
    return failures == 0 ? 0 : 1;
}
