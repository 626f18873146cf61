#include "memory.h"

#include <stddef.h>

#include "apart.h"
#include "framing.h"
#include "kernel.h"

#define RESET_LOOP_MS UINT32_C(60000)
#define RESTART_MS 1000u
#define SECOND_MS 1000u
#define STOPS_AHEAD 251u
/* Not 0: memory that is all zeros is no memory. */
#define CHECK_START 0xBA5Cu

APART static uint16_t check(const struct memory *memory)
{
    const uint8_t *const bytes = (const uint8_t *)memory;
    uint16_t crc = CHECK_START;

    for (size_t i = 0; i < offsetof(struct memory, check); i++) {
        crc = crc_add(crc, bytes[i]);
    }
    return crc;
}

void memory_seal(struct memory *memory)
{
    memory->check = check(memory);
}

bool memory_valid(const struct memory *memory)
{
    return memory->check == check(memory);
}

void memory_count(struct memory *memory, uint32_t counted_ms)
{
    const uint32_t sum_ms = memory->head_down_rest_ms + counted_ms;

    memory->head_down_s += sum_ms / SECOND_MS;
    memory->head_down_rest_ms = (uint16_t)(sum_ms % SECOND_MS);
    memory->episode_ms = kernel_count_ms(memory->episode_ms, EXPOSED_CDEG + 1, counted_ms);
}

void memory_boot(struct memory *memory, uint32_t entropy)
{
    if (!memory_valid(memory)) {
        *memory = (struct memory){0};
        memory->id = (uint16_t)(entropy >> 16);
    } else if (memory->boots > 1u && memory->uptime_ms < RESET_LOOP_MS) {
        memory->latched |= CAUSE_RESET_LOOP;
    } else {
        /* One restart is none too many. */
    }
    if (memory->exposed) {
        memory_count(memory, RESTART_MS);
    }
    memory->boots++;
    memory->uptime_ms = 0;
    memory->stop_count = (uint16_t)(memory->stop_count + 1u + entropy % STOPS_AHEAD);
    memory_seal(memory);
}
