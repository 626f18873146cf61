/* What libFuzzer feeds: a host of no manners and a table of no honesty around the whole core, with what must never
 * happen checked after every step. The input is a script: bytes in pieces, whole frames with numbers that are right or
 * nearly right, ticks, readings, resets. Between the steps the table goes where the motor drives it, so that sessions
 * come about, and sensors may say something else. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define TICKS_LIMIT 1500u
#define LEASE_TICKS 25u
#define SETTLED_TICKS 30u
#define CDPS_LIMIT 300
/* Where a telemetry tells these. */
#define FLAGS_AT 17
#define RUNG_AT 19
#define CAUSES_AT 20
#define LATCHED_AT 24
/* 3.2 °/s at full power, in a 50th of a second. */
#define MOVED_Q16(power) ((int32_t)(power) * 320 / 50 * 2)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct script {
    const uint8_t *at;
    size_t left;
};

struct table {
    struct unit unit;
    struct readings readings;
    uint32_t now_ms;
    uint32_t quiet_ticks;
    uint32_t ticks;
    uint32_t all_ticks;
    int32_t angle_q16;
    int16_t bed_off_cdeg;
    int16_t drive_off_cdeg;
    int16_t power;
    uint16_t sequence;
    uint16_t noise;
    bool side_lies;
    bool jammed;
};

#define NEVER(what)                                                                                                    \
    do {                                                                                                               \
        if (what) {                                                                                                    \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

static uint8_t next(struct script *script)
{
    if (script->left == 0) {
        return 0;
    }
    script->left--;
    return *script->at++;
}

static int16_t next_i16(struct script *script)
{
    const uint8_t low = next(script);

    return (int16_t)(uint16_t)(low | (uint16_t)(next(script) << 8));
}

/* ---- what must never happen ------------------------------------------------------------------------------------- */

/* A frame is whole, and delimiters stand only around it. */
static void check_sent(struct table *table)
{
    uint8_t frame[FRAME_LIMIT];
    uint8_t size;

    for (uint8_t frames = 0;; frames++) {
        NEVER(frames > WIRE_OUTBOX_LIMIT + 2u);
        size = unit_transmit(&table->unit, frame);
        if (size == 0) {
            return;
        }
        NEVER(size > FRAME_LIMIT || size < 6 || frame[0] != 0 || frame[size - 1] != 0);
        for (uint8_t i = 1; i + 1 < size; i++) {
            NEVER(frame[i] == 0);
        }
    }
}

static void check_byte(struct table *table, uint8_t byte)
{
    struct unit *const unit = &table->unit;
    const uint16_t stops = unit->link.stop_count;
    const bool armed = unit->grant.armed;
    const uint32_t latched = unit->memory.latched;

    unit_receive(unit, byte);
    table->quiet_ticks = 0;
    if (unit->link.stop_count != stops) {
        /* A stop counts one further, and voids what was granted. */
        NEVER((uint16_t)(unit->link.stop_count - stops) != 1 || unit->memory.stop_count != unit->link.stop_count);
        NEVER(unit->grant.armed || unit->grant.leased);
        NEVER((unit->ladder.active & (CAUSE_STOPPED | CAUSE_FROZEN_LONG)) == 0);
    }
    /* Nobody arms a unit in which anything is wrong, that moves, or whose angle nobody knows. */
    NEVER(unit->grant.armed && !armed &&
          (latched != 0 || !unit->angle.trusted || unit->angle.head_down || unit->motion.out_cdps != 0));
    /* No message makes a cause go that waits for somebody, head down. */
    NEVER(unit->angle.head_down && (latched & ~unit->memory.latched) != 0);
    NEVER(unit->link.waiting > WIRE_OUTBOX_LIMIT || unit->link.deframer.held > WIRE_MAX_BODY);
}

static void check_tick(struct table *table, struct command command, int16_t before_cdps, uint32_t head_down_s,
                       uint32_t latched)
{
    const struct unit *const unit = &table->unit;
    const uint16_t flags = wire_get_u16(&unit->telemetry[FLAGS_AT]);
    const uint8_t rung = unit->telemetry[RUNG_AT];
    const uint32_t causes = wire_get_u32(&unit->telemetry[CAUSES_AT]);
    const uint32_t waiting = wire_get_u32(&unit->telemetry[LATCHED_AT]);
    const int16_t out_cdps = unit->motion.out_cdps;
    const uint16_t granted = FLAG_ARMED | FLAG_LEASED | FLAG_TRUSTED;
    const bool rises = out_cdps > 0 && out_cdps >= before_cdps;

    NEVER(command.brake && command.power != 0);
    NEVER(out_cdps > CDPS_LIMIT || out_cdps < -CDPS_LIMIT);
    NEVER((command.power > 0 && out_cdps <= 0) || (command.power < 0 && out_cdps >= 0));
    /* H4, H15: up only with everything that it takes, or slower than before. */
    NEVER(rises && ((flags & granted) != granted || causes != 0 || waiting != 0 || rung != 0));
    NEVER(rises && (table->quiet_ticks > LEASE_TICKS + 1u || unit->exposure.left_ms == 0));
    NEVER(rises && unit->angle.worst_cdeg >= 6100);
    NEVER(table->ticks > SETTLED_TICKS && (table->readings.estop || table->readings.lowering) &&
          (!command.brake || rung != RUNG_HOLD));
    NEVER(rung == RUNG_HOLD && (flags & FLAG_SIREN) == 0);
    /* F17: two seconds of silence, and a host is none. */
    NEVER(table->quiet_ticks > 101u && (flags & FLAG_HOST_LIVE) != 0);
    NEVER(unit->memory.head_down_s < head_down_s);
    NEVER((latched & ~unit->memory.latched) != 0);
    NEVER(!memory_valid(&unit->memory));
}

/* ---- the steps -------------------------------------------------------------------------------------------------- */

static void hear(struct table *table, const uint8_t *frame, uint8_t size)
{
    for (uint8_t i = 0; i < size; i++) {
        check_byte(table, frame[i]);
    }
}

/* A whole frame. `off`: which of its numbers are not what the unit expects. */
static void say(struct table *table, struct script *script, uint8_t code, uint8_t off)
{
    static const uint8_t sizes[] = {0, HELLO_SIZE, STOP_SIZE, LEVEL_SIZE, ARM_SIZE, DISARM_SIZE, SETPOINT_SIZE,
                                    KEEPALIVE_SIZE, ACKNOWLEDGE_SIZE};
    uint8_t payload[WIRE_MAX_PAYLOAD] = {0};
    uint8_t frame[FRAME_LIMIT];
    uint8_t stops_at = 5;

    payload[0] = code;
    if (code == HELLO_CODE) {
        payload[1] = (off & 1u) != 0 ? next(script) : WIRE_VERSION;
        payload[2] = (off & 2u) != 0 ? next(script) : 7;
    } else if (code != STOP_CODE) {
        table->sequence = (uint16_t)(table->sequence + ((off & 1u) != 0 ? next(script) : 1u));
        wire_put_u16(&payload[1], table->sequence);
        if (code == LEVEL_CODE) {
            stops_at = 3;
        } else {
            wire_put_u16(&payload[3], (uint16_t)(table->unit.link.nonce - ((off & 2u) != 0 ? next(script) : 0u)));
        }
        wire_put_u16(&payload[stops_at],
                     (uint16_t)(table->unit.link.stop_count - ((off & 4u) != 0 ? next(script) : 0u)));
    } else {
        /* Nothing can be wrong with a stop. */
    }
    if (code == SETPOINT_CODE) {
        wire_put_i16(&payload[7], (int16_t)(next_i16(script) / ((off & 8u) != 0 ? 1 : 4)));
        wire_put_i16(&payload[9], (int16_t)(next_i16(script) / ((off & 16u) != 0 ? 1 : 100)));
        wire_put_i16(&payload[11], (off & 16u) != 0 ? next_i16(script) : 6000);
        wire_put_u16(&payload[13], 500);
    }
    hear(table, frame, frame_encode(payload, sizes[code], frame));
}

static int16_t sensed(struct table *table, int16_t off_cdeg)
{
    /* A sensor counts a little to and fro. */
    table->noise = (uint16_t)(table->noise * 25173u + 13849u);
    return (int16_t)(table->angle_q16 / 65536 + off_cdeg / 2 + (int16_t)(table->noise >> 13) - 4);
}

static void tick(struct table *table)
{
    struct unit *const unit = &table->unit;
    const int16_t before_cdps = unit->motion.out_cdps;
    const uint32_t head_down_s = unit->memory.head_down_s;
    const uint32_t latched = unit->memory.latched;
    struct command command;

    for (uint8_t half = 0; half < 2; half++) {
        if (!table->jammed && table->angle_q16 < 65536 * 9000 && table->angle_q16 > -65536 * 9000) {
            table->angle_q16 += MOVED_Q16(table->power) / 2;
        }
        table->readings.bed_cdeg = sensed(table, table->bed_off_cdeg);
        table->readings.drive_cdeg = sensed(table, table->drive_off_cdeg);
        unit_sample(unit, table->readings.bed_cdeg, table->readings.drive_cdeg);
    }
    table->readings.head_down_side = (table->angle_q16 > 0) != table->side_lies;
    table->now_ms += 20;
    table->ticks++;
    table->all_ticks++;
    table->quiet_ticks++;
    command = unit_tick(unit, table->now_ms, &table->readings);
    memory_seal(&unit->memory);
    table->power = command.power;
    check_tick(table, command, before_cdps, head_down_s, latched);
    check_sent(table);
}

static void switches(struct table *table, uint8_t off)
{
    table->readings.occupied = (off & 1u) == 0;
    table->readings.ankles_locked = (off & 2u) == 0;
    table->readings.estop = (off & 4u) != 0;
    table->readings.lowering = (off & 8u) != 0;
    table->readings.arm_button = (off & 16u) != 0;
    table->side_lies = (off & 32u) != 0;
    table->jammed = (off & 64u) != 0;
}

static void begin(struct table *table, uint32_t entropy)
{
    table->now_ms = 0;
    table->ticks = 0;
    table->quiet_ticks = 0;
    table->power = 0;
    unit_start(&table->unit, entropy, 1);
    check_sent(table);
}

static void step(struct table *table, struct script *script)
{
    const uint8_t what = next(script);
    const uint8_t much = what >> 3;

    switch (what & 7u) {
    case 0:
        for (uint8_t i = 0; i <= much; i++) {
            check_byte(table, next(script));
        }
        break;
    case 1:
        say(table, script, (uint8_t)(1u + much % 8u), 0);
        break;
    case 2:
        say(table, script, (uint8_t)(1u + much % 8u), next(script));
        break;
    case 3:
        for (uint8_t i = 0; i <= much; i++) {
            tick(table);
        }
        break;
    case 4:
        /* A host as it should be: a lease in each tick. */
        for (uint8_t i = 0; i <= much; i++) {
            say(table, script, SETPOINT_CODE, 0);
            tick(table);
        }
        break;
    case 5:
        switches(table, next(script));
        break;
    case 6:
        if ((much & 1u) != 0) {
            table->readings.current_ma = (uint16_t)next_i16(script);
            table->readings.supply_mv = (uint16_t)(12500 + next_i16(script) / 8);
        } else if ((much & 2u) != 0) {
            table->bed_off_cdeg = next_i16(script);
        } else if ((much & 4u) != 0) {
            table->drive_off_cdeg = next_i16(script);
        } else {
            table->angle_q16 = next_i16(script) / 4 * 65536;
        }
        break;
    default:
        if ((much & 3u) == 0) {
            begin(table, (uint32_t)next_i16(script));
        } else {
            /* A long while of anything that was. */
            for (uint16_t i = 0; i < 100u * (much & 3u); i++) {
                tick(table);
            }
        }
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct table table;
    struct script script = {data, size};

    memset(&table, 0xA5, sizeof table.unit);
    memset((uint8_t *)&table + sizeof table.unit, 0, sizeof table - sizeof table.unit);
    table.readings.supply_mv = 12500;
    table.readings.current_ma = 1000;
    switches(&table, 0);
    table.angle_q16 = -400 * 65536;
    begin(&table, next(&script));
    /* Short enough for hundreds of them a second. */
    while (script.left > 0 && table.all_ticks < TICKS_LIMIT) {
        step(&table, &script);
    }
    return 0;
}
