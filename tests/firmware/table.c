/* The core's whole unit for tests in Python, beside simulated physics and sensors. */
#include <stdlib.h>
#include <string.h>

#include "rubbish.h"
#include "unit.h"

#define POWER 0
#define BRAKE 1

struct memory *new_memory(void);
struct unit *new_unit(const struct memory *memory, uint32_t entropy, uint32_t number);
struct memory *unit_memory(struct unit *unit);
void take_bed(struct unit *unit, int16_t cdeg);
void take_drive(struct unit *unit, int16_t cdeg);
void hear(struct unit *unit, const uint8_t *data, int32_t size);
int32_t say(struct unit *unit, uint8_t *out, int32_t room);
void tick(struct unit *unit, uint32_t now_ms, const struct readings *readings, int32_t *command);
int64_t remembered(const struct memory *memory, int32_t which);
void remember(struct memory *memory, int32_t which, int64_t value);
void let_go(void *what);

void let_go(void *what)
{
    free(what);
}

struct memory *new_memory(void)
{
    return rubbish(sizeof(struct memory));
}

struct unit *new_unit(const struct memory *memory, uint32_t entropy, uint32_t number)
{
    struct unit *const made = rubbish(sizeof *made);

    made->memory = *memory;
    unit_start(made, entropy, number);
    return made;
}

struct memory *unit_memory(struct unit *unit)
{
    return &unit->memory;
}

void take_bed(struct unit *unit, int16_t cdeg)
{
    channel_take(&unit->angle.voter.bed, cdeg);
}

void take_drive(struct unit *unit, int16_t cdeg)
{
    channel_take(&unit->angle.voter.drive, cdeg);
}

void hear(struct unit *unit, const uint8_t *data, int32_t size)
{
    for (int32_t i = 0; i < size; i++) {
        unit_receive(unit, data[i]);
    }
}

int32_t say(struct unit *unit, uint8_t *out, int32_t room)
{
    int32_t at = 0;
    int32_t size;

    do {
        if (room - at < (int32_t)FRAME_LIMIT) {
            abort();
        }
        size = unit_transmit(unit, &out[at]);
        at += size;
    } while (size > 0);
    return at;
}

void tick(struct unit *unit, uint32_t now_ms, const struct readings *readings, int32_t *command)
{
    const struct command given = unit_tick(unit, now_ms, readings);

    memory_seal(&unit->memory);
    command[POWER] = given.power;
    command[BRAKE] = given.brake ? 1 : 0;
}

/* In the order of `Memory` in tests/firmware/table.py. */
int64_t remembered(const struct memory *memory, int32_t which)
{
    const int64_t values[] = {memory_valid(memory) ? 1 : 0, memory->id, memory->boots, memory->uptime_ms,
                              memory->stop_count, memory->latched,
                              (int64_t)memory->head_down_s * 1000 + memory->head_down_rest_ms, memory->episode_ms,
                              memory->strictest_cdeg, memory->exposed, memory->slow, memory->heat_q27};

    return values[which];
}

void remember(struct memory *memory, int32_t which, int64_t value)
{
    switch (which) {
    case 5:
        memory->latched = (uint32_t)value;
        break;
    case 7:
        memory->episode_ms = (uint32_t)value;
        break;
    case 10:
        memory->slow = value != 0;
        break;
    case 11:
        memory->heat_q27 = (int32_t)value;
        break;
    default:
        abort();
    }
    memory_seal(memory);
}
