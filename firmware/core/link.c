#include "link.h"

#define HALF_OF_ALL 32767u
/* No reason to reject: nothing is said about it. */
#define DUPLICATE 255u

void link_start(struct link *link, uint16_t nonce, uint16_t stop_count)
{
    *link = (struct link){0};
    link->nonce = nonce;
    link->stop_count = stop_count;
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
static uint8_t welcome(struct link *link, const struct from_host *hello)
{
    link->bad_run = false;
    if (hello->protocol != WIRE_VERSION || hello->session == 0) {
        return (uint8_t)REJECT_WRONG_VERSION;
    }
    if (hello->session != link->session) {
        link->session = hello->session;
        link->counting = false;
        link->live = false;
    }
    return 0;
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

/* Whether sequence, nonce and stop count let a message through: 0, or the reason why not. LEVEL needs no nonce: it leads
 * to safety. */
static uint8_t judge(struct link *link, const struct from_host *message, uint32_t now_ms)
{
    const uint16_t ahead = link->counting ? (uint16_t)(message->sequence - link->sequence) : 1u;

    if (link->session == 0 && message->code != LEVEL_CODE) {
        return (uint8_t)REJECT_NOT_GREETED;
    }
    if (ahead == 0) {
        link->duplicates++;
        return DUPLICATE;
    }
    if (ahead > HALF_OF_ALL) {
        return (uint8_t)REJECT_OLD_SEQUENCE;
    }
    link->sequence = message->sequence;
    link->counting = true;
    if (quotes_nonce(message->code)) {
        if (!fresh(link, message->nonce, now_ms)) {
            return (uint8_t)REJECT_STALE_NONCE;
        }
        link->fresh_ms = now_ms;
        link->live = true;
    }
    if (ends_with_stop(message->code) && message->stop_count != link->stop_count) {
        return (uint8_t)REJECT_VOID_STOP_COUNT;
    }
    return 0;
}

/* Take in a payload: 0 if it is to be obeyed, or the reason why not. */
static uint8_t take_in(struct link *link, uint32_t now_ms, struct from_host *message)
{
    const uint8_t reason = deframer_read(&link->deframer, message);

    if (reason != 0) {
        return reason;
    }
    if (message->code == STOP_CODE) {
        link_void(link);
        return 0;
    }
    return message->code == HELLO_CODE ? welcome(link, message) : judge(link, message, now_ms);
}

bool link_take(struct link *link, uint8_t byte, uint32_t now_ms, struct from_host *message)
{
    const enum found found = deframer_take(&link->deframer, byte);
    uint8_t reason;

    if (found == FOUND_NOTHING) {
        return false;
    }
    if (found == FOUND_DAMAGE) {
        link_reject(link, (uint8_t)REJECT_DAMAGED, 0, 0);
        return false;
    }
    reason = take_in(link, now_ms, message);
    if (reason == 0) {
        link->bad_run = false;
        return true;
    }
    if (reason != DUPLICATE) {
        /* What could not be read, and a HELLO, have no sequence: there it is 0. */
        link_reject(link, reason, message->code, message->sequence);
    }
    return false;
}
