#include "link.h"

#define HALF_OF_ALL 32767u

void link_start(struct link *link, uint16_t nonce, uint16_t stop_count)
{
    deframer_start(&link->deframer);
    for (uint8_t i = 0; i < WIRE_NONCES; i++) {
        link->issued_ms[i] = 0;
    }
    link->session = 0;
    link->fresh_ms = 0;
    link->duplicates = 0;
    link->nonce = nonce;
    link->stop_count = stop_count;
    link->sequence = 0;
    link->issued = 0;
    link->counting = false;
    link->live = false;
    link->bad_run = false;
    link->waiting = 0;
}

void link_void(struct link *link)
{
    link->stop_count++;
}

uint16_t link_issue(struct link *link, uint32_t now_ms)
{
    link->nonce++;
    link->issued_ms[link->nonce % WIRE_NONCES] = now_ms;
    if (link->issued < WIRE_NONCES) {
        link->issued++;
    }
    return link->nonce;
}

bool link_silent(struct link *link, uint32_t now_ms)
{
    if (link->live && now_ms - link->fresh_ms > WIRE_SILENCE_MS) {
        link->live = false;
    }
    return !link->live;
}

void link_reject(struct link *link, uint8_t reason, uint8_t code, uint16_t sequence)
{
    if (link->bad_run) {
        return;
    }
    link->bad_run = true;
    if (link->waiting < WIRE_OUTBOX_LIMIT) {
        struct rejected *const rejected = &link->outbox[link->waiting];

        rejected->reason = reason;
        rejected->code = code;
        rejected->sequence = sequence;
        link->waiting++;
    }
}

bool link_next(struct link *link, struct rejected *rejected)
{
    if (link->waiting == 0) {
        return false;
    }
    *rejected = link->outbox[0];
    link->waiting--;
    for (uint8_t i = 0; i < link->waiting; i++) {
        link->outbox[i] = link->outbox[i + 1u];
    }
    return true;
}

/* A duplicate of the HELLO that it already has is harmless (F2): it is only answered again. */
static bool welcome(struct link *link, const struct from_host *hello)
{
    link->bad_run = false;
    if (hello->protocol != WIRE_VERSION || hello->session == 0) {
        link_reject(link, (uint8_t)REJECT_WRONG_VERSION, HELLO_CODE, 0);
        return false;
    }
    if (hello->session != link->session) {
        link->session = hello->session;
        link->counting = false;
        link->live = false;
    }
    return true;
}

/* Whether this nonce was issued in the last 300 ms, and by this unit since it started. */
static bool fresh(const struct link *link, uint16_t nonce, uint32_t now_ms)
{
    const uint16_t behind = (uint16_t)(link->nonce - nonce);

    return behind < link->issued && now_ms - link->issued_ms[nonce % WIRE_NONCES] <= WIRE_NONCE_LIFE_MS;
}

static bool quotes_nonce(uint8_t code)
{
    return code == SETPOINT_CODE || code == KEEPALIVE_CODE || code == ARM_CODE || code == ACKNOWLEDGE_CODE;
}

static bool ends_with_stop(uint8_t code)
{
    return code == SETPOINT_CODE || code == ARM_CODE || code == LEVEL_CODE;
}

/* Whether sequence, nonce and stop count let a message through. LEVEL needs no nonce: it leads to safety. */
static bool judge(struct link *link, const struct from_host *message, uint32_t now_ms)
{
    const uint16_t ahead = link->counting ? (uint16_t)(message->sequence - link->sequence) : 1u;

    if (link->session == 0 && message->code != LEVEL_CODE) {
        link_reject(link, (uint8_t)REJECT_NOT_GREETED, message->code, message->sequence);
        return false;
    }
    if (ahead == 0) {
        link->duplicates++;
        return false;
    }
    if (ahead > HALF_OF_ALL) {
        link_reject(link, (uint8_t)REJECT_OLD_SEQUENCE, message->code, message->sequence);
        return false;
    }
    link->sequence = message->sequence;
    link->counting = true;
    if (quotes_nonce(message->code)) {
        if (!fresh(link, message->nonce, now_ms)) {
            link_reject(link, (uint8_t)REJECT_STALE_NONCE, message->code, message->sequence);
            return false;
        }
        link->fresh_ms = now_ms;
        link->live = true;
    }
    if (ends_with_stop(message->code) && message->stop_count != link->stop_count) {
        link_reject(link, (uint8_t)REJECT_VOID_STOP_COUNT, message->code, message->sequence);
        return false;
    }
    return true;
}

bool link_take(struct link *link, uint8_t byte, uint32_t now_ms, struct from_host *message)
{
    const enum found found = deframer_take(&link->deframer, byte);
    uint8_t reason;

    if (found == FOUND_DAMAGE) {
        link_reject(link, (uint8_t)REJECT_DAMAGED, 0, 0);
    }
    if (found != FOUND_PAYLOAD) {
        return false;
    }
    reason = wire_read(link->deframer.body, link->deframer.size, message);
    if (reason != 0) {
        link_reject(link, reason, message->code, 0);
        return false;
    }
    if (message->code == STOP_CODE) {
        link->bad_run = false;
        link_void(link);
        return true;
    }
    if (message->code == HELLO_CODE) {
        return welcome(link, message);
    }
    if (!judge(link, message, now_ms)) {
        return false;
    }
    link->bad_run = false;
    return true;
}
