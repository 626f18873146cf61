/* The core's receiving end for tests in Python: bytes in, records of whole numbers out. */
#include <stdlib.h>
#include <string.h>

#include "link.h"
#include "rubbish.h"

#define FIELDS 10

void *new_deframer(void);
int32_t feed_deframer(struct deframer *deframer, const uint8_t *data, int32_t size, uint8_t *out);
void deframer_state(const struct deframer *deframer, int64_t *out);
void *new_link(uint16_t nonce, uint16_t stop_count);
int32_t feed_link(struct link *link, const uint8_t *data, int32_t size, uint32_t now_ms, int64_t *out);
void link_state(const struct link *link, int64_t *out);
int32_t link_outbox(const struct link *link, int64_t *out);
void drop(void *what);

void drop(void *what)
{
    free(what);
}

void *new_deframer(void)
{
    struct deframer *const made = rubbish(sizeof *made);

    deframer_start(made);
    return made;
}

/* Each outcome: kind, then a size and so many bytes, or a damage. */
int32_t feed_deframer(struct deframer *deframer, const uint8_t *data, int32_t size, uint8_t *out)
{
    int32_t at = 0;

    for (int32_t i = 0; i < size; i++) {
        const enum found found = deframer_take(deframer, data[i]);

        if (found == FOUND_PAYLOAD) {
            out[at++] = FOUND_PAYLOAD;
            out[at++] = deframer->size;
            memcpy(&out[at], deframer->body, deframer->size);
            at += deframer->size;
        } else if (found == FOUND_DAMAGE) {
            out[at++] = FOUND_DAMAGE;
            out[at++] = deframer->damage;
        }
    }
    return at;
}

void deframer_state(const struct deframer *deframer, int64_t *out)
{
    out[0] = deframer->damaged;
    out[1] = deframer->held;
}

void *new_link(uint16_t nonce, uint16_t stop_count)
{
    struct link *const made = rubbish(sizeof *made);

    link_start(made, nonce, stop_count);
    return made;
}

int32_t feed_link(struct link *link, const uint8_t *data, int32_t size, uint32_t now_ms, int64_t *out)
{
    int32_t count = 0;
    struct from_host m;

    for (int32_t i = 0; i < size; i++) {
        if (link_take(link, data[i], now_ms, &m)) {
            const int64_t fields[FIELDS] = {m.code, m.protocol, m.session, m.sequence, m.nonce, m.stop_count,
                                            m.target_cdeg, m.rate_cdps, m.limit_cdeg, m.lease_ms};

            memcpy(&out[count * FIELDS], fields, sizeof fields);
            count++;
        }
    }
    return count;
}

void link_state(const struct link *link, int64_t *out)
{
    out[0] = link->session;
    out[1] = link->stop_count;
    out[2] = link->duplicates;
    out[3] = link->deframer.damaged;
}

int32_t link_outbox(const struct link *link, int64_t *out)
{
    for (int32_t i = 0; i < link->waiting; i++) {
        out[i * 3] = link->outbox[i].reason;
        out[i * 3 + 1] = link->outbox[i].code;
        out[i * 3 + 2] = link->outbox[i].sequence;
    }
    return link->waiting;
}
