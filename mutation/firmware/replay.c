/* Everything that the tests ask of a unit, asked again of a mutant: which of the tests could notice it.
 *
 * The record is written by record.py. Objects have numbers there; what an answer should be stands behind the question.
 * Linked into each mutant together with tests/firmware/table.c. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define ROOM 2048
#define READINGS 16

void *new_memory(void);
void *new_unit(const void *memory, uint32_t entropy, uint32_t number);
void *unit_memory(void *unit);
void take_bed(void *unit, int16_t cdeg);
void take_drive(void *unit, int16_t cdeg);
void hear(void *unit, const uint8_t *data, int32_t size);
int32_t say(void *unit, uint8_t *out, int32_t room);
void tick(void *unit, uint32_t now_ms, const void *readings, int32_t *command);
int64_t remembered(const void *memory, int32_t which);
void remember(void *memory, int32_t which, int64_t value);

void replay(const uint8_t *record, const uint64_t *starts, uint32_t tests, void **objects, uint8_t *apart);

static const uint8_t *at;

static uint64_t number(int size)
{
    uint64_t value = 0;

    memcpy(&value, at, (size_t)size);
    at += size;
    return value;
}

/* One question; whether the answer is the same. */
static bool same(void **objects)
{
    const uint8_t what = (uint8_t)number(1);
    void **const object = &objects[number(4)];
    uint64_t readings[READINGS / 8];
    uint8_t said[ROOM];
    int32_t command[2];
    uint32_t one;
    int32_t size;

    if (*object == NULL && strchr("MUP", what) == NULL) {
        return false;
    }
    switch (what) {
    case 'M':
        *object = new_memory();
        return true;
    case 'U': {
        void *const memory = objects[number(4)];

        one = (uint32_t)number(4);
        if (memory == NULL) {
            return false;
        }
        *object = new_unit(memory, one, (uint32_t)number(4));
        return true;
    }
    case 'P': {
        void *const unit = objects[number(4)];

        *object = unit == NULL ? NULL : unit_memory(unit);
        return unit != NULL;
    }
    case 'b':
        take_bed(*object, (int16_t)number(2));
        return true;
    case 'd':
        take_drive(*object, (int16_t)number(2));
        return true;
    case 'h':
        size = (int32_t)number(4);
        hear(*object, at, size);
        at += size;
        return true;
    case 's':
        size = (int32_t)number(4);
        at += size;
        return say(*object, said, ROOM) == size && memcmp(said, at - size, (size_t)size) == 0;
    case 't':
        one = (uint32_t)number(4);
        memcpy(readings, at, READINGS);
        at += READINGS;
        tick(*object, one, readings, command);
        return memcmp(command, (at += sizeof command) - sizeof command, sizeof command) == 0;
    case 'r':
        one = (uint32_t)number(1);
        return (uint64_t)remembered(*object, (int32_t)one) == number(8);
    default:
        one = (uint32_t)number(1);
        remember(*object, (int32_t)one, (int64_t)number(8));
        return true;
    }
}

/* `starts`: where each test begins in the record, and where the last one ends. `apart`: 1 for each test that hears
 * something else. */
void replay(const uint8_t *record, const uint64_t *starts, uint32_t tests, void **objects, uint8_t *apart)
{
    for (uint32_t test = 0; test < tests; test++) {
        apart[test] = 0;
        at = record + starts[test];
        while (at < record + starts[test + 1] && apart[test] == 0) {
            apart[test] = !same(objects);
        }
    }
}
