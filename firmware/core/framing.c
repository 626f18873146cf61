#include "framing.h"

#define DELIMITER 0u
#define CRC_BYTES 2u

void deframer_start(struct deframer *deframer)
{
    *deframer = (struct deframer){0};
}

/* Polynomial 0x1021 for eight bits at once, as _crc_xmodem_update of avr-libc does it. */
uint16_t crc_add(uint16_t crc, uint8_t byte)
{
    uint8_t high = (uint8_t)((crc >> 8) ^ byte);

    high = (uint8_t)(high ^ (high >> 4));
    return (uint16_t)(((uint32_t)crc << 8) ^ ((uint32_t)high << 12) ^ ((uint32_t)high << 5) ^ high);
}

/* Undo COBS where it stands: what comes out is never longer than what was read. 0, or an `enum damage`. */
static uint8_t open_body(struct deframer *deframer)
{
    uint8_t *const body = deframer->body;
    const uint8_t size = deframer->held;
    uint16_t crc = WIRE_CRC_START;
    uint8_t left = 1;
    uint8_t to = 0;

    //@ loop unroll 67;
    for (uint8_t from = 0; from < size; from++) {
        const uint8_t byte = body[from];

        left--;
        if (left != 0) {
            body[to] = byte;
            to++;
            continue;
        }
        /* Here stands the distance to the next 0 or to the end, and never a 0: that is the delimiter. */
        if (byte > (uint8_t)(size - from)) {
            return (uint8_t)DAMAGE_COBS;
        }
        left = byte;
        if (from > 0) {
            body[to] = 0;
            to++;
        }
    }
    //@ loop unroll 67;
    for (uint8_t i = 0; i < to; i++) {
        crc = crc_add(crc, body[i]);
    }
    if (to < WIRE_MIN_CHECKED || crc != 0) {
        return (uint8_t)DAMAGE_CRC;
    }
    deframer->size = (uint8_t)(to - CRC_BYTES);
    return 0;
}

enum found deframer_take(struct deframer *deframer, uint8_t byte)
{
    uint8_t damage;

    if (byte != DELIMITER) {
        if (deframer->held < WIRE_MAX_BODY) {
            deframer->body[deframer->held] = byte;
            deframer->held++;
        } else {
            deframer->overlong = true;
        }
        return FOUND_NOTHING;
    }
    if (deframer->held == 0) {
        return FOUND_NOTHING;
    }
    damage = deframer->overlong ? (uint8_t)DAMAGE_OVERLONG : open_body(deframer);
    deframer->held = 0;
    deframer->overlong = false;
    if (damage == 0) {
        deframer->good++;
        deframer->bad_run = false;
        return FOUND_PAYLOAD;
    }
    deframer->damaged++;
    if (deframer->bad_run) {
        return FOUND_NOTHING;
    }
    deframer->bad_run = true;
    deframer->damage = damage;
    return FOUND_DAMAGE;
}

uint8_t deframer_read(const struct deframer *deframer, struct from_host *message)
{
    return wire_read(deframer->body, deframer->size, message);
}

/* One byte to the frame, or, where it is 0, the distance to it into the place that waits for one. */
static void stuff(uint8_t byte, uint8_t *frame, uint8_t *at, uint8_t *mark)
{
    if (byte == 0) {
        frame[*mark] = (uint8_t)(*at - *mark);
        *mark = *at;
    } else {
        frame[*at] = byte;
    }
    (*at)++;
}

uint8_t frame_encode(const uint8_t *payload, uint8_t size, uint8_t *frame)
{
    uint16_t crc = WIRE_CRC_START;
    uint8_t mark = 1;
    uint8_t at = 2;

    frame[0] = DELIMITER;
    //@ loop unroll 64;
    for (uint8_t i = 0; i < size; i++) {
        crc = crc_add(crc, payload[i]);
        stuff(payload[i], frame, &at, &mark);
    }
    stuff((uint8_t)(crc >> 8), frame, &at, &mark);
    stuff((uint8_t)(crc & 0xFFu), frame, &at, &mark);
    frame[mark] = (uint8_t)(at - mark);
    frame[at] = DELIMITER;
    return (uint8_t)(at + 1u);
}
