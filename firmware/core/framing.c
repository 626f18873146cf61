#include "framing.h"

#define DELIMITER 0u
#define CRC_BYTES 2u

void deframer_start(struct deframer *deframer)
{
    *deframer = (struct deframer){0};
}

/* Polynomial 0x1021, bit by bit. */
uint16_t crc_add(uint16_t crc, uint8_t byte)
{
    uint16_t sum = (uint16_t)(crc ^ (uint16_t)((uint16_t)byte << 8));

    for (uint8_t bit = 0; bit < 8u; bit++) {
        const bool carries = (sum & 0x8000u) != 0;

        sum = (uint16_t)(sum << 1);
        if (carries) {
            sum ^= 0x1021u;
        }
    }
    return sum;
}

/* Undo COBS where it stands: what comes out is never longer than what was read. 0, or an `enum damage`. */
static uint8_t open_body(struct deframer *deframer)
{
    uint16_t crc = WIRE_CRC_START;
    uint8_t left = 0;
    uint8_t to = 0;

    //@ loop unroll 67;
    for (uint8_t from = 0; from < deframer->held; from++) {
        const bool marks = left == 0;
        uint8_t byte = deframer->body[from];

        if (marks) {
            /* Never 0, which is the delimiter: so far it is to the next 0, which stood here. */
            left = byte;
            byte = 0;
        }
        left--;
        if (!marks || from > 0) {
            deframer->body[to] = byte;
            to++;
            crc = crc_add(crc, byte);
        }
    }
    if (left != 0) {
        return (uint8_t)DAMAGE_COBS;
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

uint8_t frame_encode(const uint8_t *payload, uint8_t size, uint8_t *frame)
{
    uint16_t crc = WIRE_CRC_START;
    uint8_t mark = 1;
    uint8_t at = 2;

    frame[0] = DELIMITER;
    //@ loop unroll 66;
    for (uint8_t i = 0; i < size + CRC_BYTES; i++) {
        uint8_t byte;

        if (i < size) {
            byte = payload[i];
            crc = crc_add(crc, byte);
        } else {
            byte = (uint8_t)(crc >> 8);
            crc = (uint16_t)((crc & 0xFFu) << 8);
        }
        if (byte == 0) {
            /* The distance to it, into the place that waits for one. */
            frame[mark] = (uint8_t)(at - mark);
            mark = at;
        } else {
            frame[at] = byte;
        }
        at++;
    }
    frame[mark] = (uint8_t)(at - mark);
    frame[at] = DELIMITER;
    return (uint8_t)(at + 1u);
}
