#include "kept.h"

#include <stdbool.h>

#define COPIES 2u

static struct memory copies[COPIES] __attribute__((section(".noinit")));
static uint8_t turn;

/* They are from this run or the one before, and from two ticks of it: the lower half of a difference tells. */
static bool newer(const struct memory *one, const struct memory *other)
{
    const int16_t runs = (int16_t)(one->boots - other->boots);

    return (runs != 0 ? runs : (int16_t)(one->uptime_ms - other->uptime_ms)) > 0;
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
