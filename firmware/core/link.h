/* The unit's end of the link, the twin of `UnitLink` in protocol/link.py: sequence, nonce, stop count, liveness.
 *
 * It trusts nobody. `link_take` gives the messages that passed every check of the wire (a STOP always passes); the
 * unit then judges them by its own state and calls `link_reject` for those that it does not obey. `link_issue` numbers
 * a telemetry and makes that number the newest nonce. Times in milliseconds, modulo 2^32. */
#ifndef BASCULE_LINK_H
#define BASCULE_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "framing.h"
#include "wire.h"

/* A frame that was not obeyed, to be told. */
struct rejected {
    uint8_t reason;
    uint8_t code;
    uint16_t sequence;
};

struct link {
    uint32_t session;
    uint32_t fresh_ms;
    /* Modulo 2^16. */
    uint16_t duplicates;
    uint16_t nonce;
    uint16_t stop_count;
    uint16_t sequence;
    uint8_t issued;
    bool counting;
    bool live;
    bool bad_run;
    uint8_t waiting;
    struct rejected outbox[WIRE_OUTBOX_LIMIT];
    struct deframer deframer;
    /* When the last nonces were issued: the newest one at `nonce % WIRE_NONCES`. */
    uint32_t issued_ms[WIRE_NONCES];
};

void link_start(struct link *link, uint16_t nonce, uint16_t stop_count);

/* Take one byte; whether it completed a message that may be obeyed. */
bool link_take(struct link *link, uint8_t byte, uint32_t now_ms, struct from_host *message);

/* Say once per bad run that a frame was not obeyed (F1). `reason` is an `enum reject`. */
void link_reject(struct link *link, uint8_t reason, uint8_t code, uint16_t sequence);

/* The next rejection to send; whether there is one. */
bool link_next(struct link *link, struct rejected *rejected);

/* Whatever was wished before now is void, as if a stop had come. */
void link_void(struct link *link);

/* The number of the telemetry that is about to be sent: the newest nonce. */
uint16_t link_issue(struct link *link, uint32_t now_ms);

/* No fresh nonce came back for 2 s: the host is dead, stalled, or talks into a buffer. To be asked at each tick: a
 * silence is remembered, so that it does not end by itself when the clock begins anew. */
bool link_silent(struct link *link, uint32_t now_ms);

#endif
