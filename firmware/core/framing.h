/* Frames on a byte stream, `00 COBS(payload CRC-16) 00`: the twin of protocol/framing.py, one byte at a time. */
#ifndef BASCULE_FRAMING_H
#define BASCULE_FRAMING_H

#include <stdbool.h>
#include <stdint.h>

#include "wire.h"

#define FRAME_LIMIT (WIRE_MAX_BODY + 2u)

/* What a byte completed. */
enum found {
    FOUND_NOTHING = 0,
    FOUND_PAYLOAD = 1,
    FOUND_DAMAGE = 2,
};

/* F1: it holds at most one unfinished frame; after any garbage the next delimiter brings it back in step. A run of
 * damaged frames is reported once; the rest is counted in `damaged` until a good frame ends the run. */
struct deframer {
    uint8_t held;
    bool overlong;
    bool bad_run;
    /* After FOUND_PAYLOAD: how many bytes stand in `body`. After FOUND_DAMAGE: an `enum damage`. */
    uint8_t size;
    uint8_t damage;
    /* Modulo 2^16. */
    uint16_t damaged;
    uint8_t body[WIRE_MAX_BODY];
};

void deframer_start(struct deframer *deframer);

/* Take one byte. A payload stands in `body` until the next byte. */
enum found deframer_take(struct deframer *deframer, uint8_t byte);

/* Read the payload that stands in `body`. 0, or the `enum reject` of what is no message. */
uint8_t deframer_read(const struct deframer *deframer, struct from_host *message);

/* The CRC over one byte more. */
uint16_t crc_add(uint16_t crc, uint8_t byte);

/* Wrap a payload of 1 to WIRE_MAX_PAYLOAD bytes, delimiters included, into FRAME_LIMIT bytes; how many it took. */
uint8_t frame_encode(const uint8_t *payload, uint8_t size, uint8_t *frame);

#endif
