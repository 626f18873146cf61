#include "kept.h"

#include <stdbool.h>

#define COPIES 2u

static struct memory copies[COPIES] __attribute__((section(".noinit")));
static uint8_t turn;

static bool newer(const struct memory *one, const struct memory *other)
{
    if (one->boots != other->boots) {
        return one->boots > other->boots;
    }
    return one->uptime_ms > other->uptime_ms;
}

void kept_load(struct memory *memory)
{
    const bool first = memory_valid(&copies[0]);
    const bool second = memory_valid(&copies[1]);

    *memory = second && (!first || newer(&copies[1], &copies[0])) ? copies[1] : copies[0];
}

void kept_save(const struct memory *memory)
{
    copies[turn] = *memory;
    memory_seal(&copies[turn]);
    turn = (uint8_t)((turn + 1u) % COPIES);
}
