/* What the value analysis of frama-c begins with: a unit that remembers anything, and then, for ever and in any order,
 * any byte from the host, any reading of any sensor, and any time of the clock.
 *
 * A state that sums something up has no end that an analysis finds by itself. Each is named below with its ends:
 * `within_ends` demands them after every step, and gives back anything between them for the next one. So every step
 * is judged from every state that there may ever be, and it is shown, not assumed, that there are no others. */
#include "unit.h"

#define CDEG(whole) ((whole) * INT32_C(65536))
#define BED 0
#define DRIVE 1

extern volatile uint32_t any_u32;
extern volatile uint16_t any_u16;
extern volatile int16_t any_i16;
extern volatile uint8_t any_u8;
#define any_bool ((any_u8 & 1u) != 0)

/*@ requires low <= value <= high;
    assigns \result \from low, high;
    ensures low <= \result <= high; */
int32_t within_ends(int32_t value, int32_t low, int32_t high);

static struct unit unit;

/* What survived a reset, whole or not. */
static void remember_anything(struct memory *memory)
{
    memory->boots = any_u32;
    memory->uptime_ms = any_u32;
    memory->latched = any_u32;
    memory->head_down_s = any_u32;
    memory->episode_ms = any_u32;
    memory->heat_q27 = (int32_t)any_u32;
    memory->head_down_rest_ms = any_u16;
    memory->id = any_u16;
    memory->stop_count = any_u16;
    memory->strictest_cdeg = any_i16;
    memory->exposed = any_bool;
    memory->slow = any_bool;
    memory->check = any_u16;
}

static struct readings any_readings(void)
{
    struct readings readings;

    readings.bed_cdeg = any_i16;
    readings.drive_cdeg = any_i16;
    readings.current_ma = any_u16;
    readings.supply_mv = any_u16;
    readings.occupied = any_bool;
    readings.ankles_locked = any_bool;
    readings.estop = any_bool;
    readings.lowering = any_bool;
    readings.arm_button = any_bool;
    readings.head_down_side = any_bool;
    readings.end_head_down = any_bool;
    readings.end_head_up = any_bool;
    return readings;
}

static void channel_ends(struct channel *channel)
{
    /* 120° and 300 °/s: where a sensor that is passed over ends. */
    channel->smooth_q16 = within_ends(channel->smooth_q16, CDEG(-12000), CDEG(12000));
    channel->rate_q16 = within_ends(channel->rate_q16, CDEG(-30000), CDEG(30000));
    channel->cdeg = (int16_t)within_ends(channel->cdeg, -9500, 9500);
    channel->bad = (uint8_t)within_ends(channel->bad, 0, 10);
}

static void progress_ends(struct progress *progress)
{
    progress->from_q16 = within_ends(progress->from_q16, CDEG(-12000), CDEG(12000));
    progress->commanded = within_ends(progress->commanded, -1000000000, 1000000000);
    progress->asked_q8 = within_ends(progress->asked_q8, -1000000000, 1000000000);
}

/* Whatever has a sign, is summed up or counts places, with the least and the most that it ever is. */
static void unit_ends(void)
{
    struct angle *const angle = &unit.angle;
    struct motion *const motion = &unit.motion;
    struct link *const link = &unit.link;

    channel_ends(&angle->voter.bed);
    channel_ends(&angle->voter.drive);
    angle->voter.doubt_ticks = (int8_t)within_ends(angle->voter.doubt_ticks, -20, 49);
    angle->angle_q16 = within_ends(angle->angle_q16, CDEG(-12000), CDEG(12000));
    angle->rate_q16 = within_ends(angle->rate_q16, CDEG(-30000), CDEG(30000));
    angle->speed_q16 = within_ends(angle->speed_q16, 0, CDEG(30000));
    angle->worst_cdeg = (int16_t)within_ends(angle->worst_cdeg, -12000, 12000);

    unit.ladder.brake.bed_q16 = within_ends(unit.ladder.brake.bed_q16, CDEG(-12000), CDEG(12000));
    unit.ladder.brake.drive_q16 = within_ends(unit.ladder.brake.drive_q16, CDEG(-12000), CDEG(12000));
    unit.ladder.brake.ticks = (uint8_t)within_ends(unit.ladder.brake.ticks, 0, 25);
    unit.ladder.restarts = (uint8_t)within_ends(unit.ladder.restarts, 0, 3);

    /* The rate that the motor is given, and what it comes from: 3 °/s, and a little while it is corrected. */
    motion->out_cdps = (int16_t)within_ends(motion->out_cdps, -300, 300);
    motion->reference.angle_q16 = within_ends(motion->reference.angle_q16, CDEG(-12200), CDEG(12200));
    motion->reference.rate_q16 = within_ends(motion->reference.rate_q16, CDEG(-400), CDEG(400));
    motion->reference.acceleration_q16 = within_ends(motion->reference.acceleration_q16, CDEG(-100), CDEG(100));
    motion->follower.rate_q16 = within_ends(motion->follower.rate_q16, CDEG(-400), CDEG(400));
    motion->follower.integral_q16 = within_ends(motion->follower.integral_q16, CDEG(-100), CDEG(100));
    progress_ends(&motion->bed_progress);
    progress_ends(&motion->drive_progress);
    motion->blind_ticks = (uint16_t)within_ends(motion->blind_ticks, 0, 12500);
    motion->blind_limit_ticks = (uint16_t)within_ends(motion->blind_limit_ticks, 0, 12500);
    motion->back_off_ms = (int16_t)within_ends(motion->back_off_ms, 0, 1000);
    motion->wait_ticks = (uint8_t)within_ends(motion->wait_ticks, 0, 10);

    unit.grant.limit_cdeg = (int16_t)within_ends(unit.grant.limit_cdeg, -32768, 6000);

    link->issued = (uint8_t)within_ends(link->issued, 0, 16);
    link->waiting = (uint8_t)within_ends(link->waiting, 0, 8);
    link->deframer.held = (uint8_t)within_ends(link->deframer.held, 0, 67);
}

/* One of the four things that the shell does. */
static void any_step(void)
{
    switch (any_u8) {
    case 0: {
        unit_receive(&unit, any_u8);
        break;
    }
    case 1: {
        unit_sample(&unit, any_i16, any_i16);
        break;
    }
    case 2: {
        uint8_t frame[FRAME_LIMIT];
        const uint8_t size = unit_transmit(&unit, frame);

        //@ assert size <= 69;
        break;
    }
    default: {
        const struct readings readings = any_readings();
        const struct command command = unit_tick(&unit, any_u32, &readings);

        //@ assert -32767 <= command.power <= 32767;
        memory_seal(&unit.memory);
        break;
    }
    }
}

void any_life(void)
{
    remember_anything(&unit.memory);
    unit_start(&unit, any_u32, any_u32);
    while (1) {
        unit_ends();
        any_step();
    }
}
