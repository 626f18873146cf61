/* The wire between controller and tilt unit, as docs/protocol.md tells it. Numbers are the integers on the wire:
 * cdeg and cdps are hundredths of a degree and of a degree a second.
 *
 * Rendered from protocol/messages.py: edit that or protocol/wire_header.py, then run `python -m protocol.spec`. */
#ifndef BASCULE_WIRE_H
#define BASCULE_WIRE_H

#include <stdint.h>

#define WIRE_VERSION 1u
#define WIRE_BAUD UINT32_C(115200)
#define WIRE_TELEMETRY_PERIOD_MS 20u
#define WIRE_NONCE_LIFE_MS 300u
#define WIRE_NONCES 16u
#define WIRE_LEASE_MS 500u
#define WIRE_SILENCE_MS 2000u
#define WIRE_OUTBOX_LIMIT 8u
#define WIRE_MAX_PAYLOAD 64u
#define WIRE_MAX_BODY 67u
#define WIRE_MIN_CHECKED 3u
#define WIRE_CRC_START 0xFFFFu

/* The ladder; the most severe rung that applies wins. */
enum rung {
    RUNG_NONE = 0,
    RUNG_REFUSE = 1,
    RUNG_LEVEL = 2,
    RUNG_BLIND_LEVEL = 3,
    RUNG_HOLD = 4,
};

/* What the unit senses and does, in each telemetry. */
#define FLAG_OCCUPIED UINT16_C(0x0001)
#define FLAG_ANKLES_LOCKED UINT16_C(0x0002)
#define FLAG_ESTOP UINT16_C(0x0004)
#define FLAG_HEAD_DOWN_SIDE UINT16_C(0x0008)
#define FLAG_END_HEAD_DOWN UINT16_C(0x0010)
#define FLAG_END_HEAD_UP UINT16_C(0x0020)
#define FLAG_BRAKE UINT16_C(0x0040)
#define FLAG_DRIVEN UINT16_C(0x0080)
#define FLAG_MOVING UINT16_C(0x0100)
#define FLAG_ARMED UINT16_C(0x0200)
#define FLAG_LEASED UINT16_C(0x0400)
#define FLAG_TRUSTED UINT16_C(0x0800)
#define FLAG_SIREN UINT16_C(0x1000)
#define FLAG_LOWERING UINT16_C(0x2000)
#define FLAG_FROZEN UINT16_C(0x4000)
#define FLAG_HOST_LIVE UINT16_C(0x8000)

/* Why the unit stands on its rung, one bit each. */
#define CAUSE_STOPPED UINT32_C(0x00000001)
#define CAUSE_LEVEL_WISHED UINT32_C(0x00000002)
#define CAUSE_HOST_SILENT UINT32_C(0x00000004)
#define CAUSE_LEASE_EXPIRED UINT32_C(0x00000008)
#define CAUSE_OVER_TIME UINT32_C(0x00000010)
#define CAUSE_OVER_ANGLE UINT32_C(0x00000020)
#define CAUSE_ANKLES_OPEN UINT32_C(0x00000040)
#define CAUSE_OCCUPANT_LOST UINT32_C(0x00000080)
#define CAUSE_ESTOP UINT32_C(0x00000100)
#define CAUSE_LOWERING UINT32_C(0x00000200)
#define CAUSE_BED_SENSOR UINT32_C(0x00000400)
#define CAUSE_DRIVE_SENSOR UINT32_C(0x00000800)
#define CAUSE_DISAGREEMENT UINT32_C(0x00001000)
#define CAUSE_NO_PROGRESS UINT32_C(0x00002000)
#define CAUSE_OVER_SPEED UINT32_C(0x00004000)
#define CAUSE_RESTARTED UINT32_C(0x00008000)
#define CAUSE_RESET_LOOP UINT32_C(0x00010000)
#define CAUSE_NO_SENSOR UINT32_C(0x00020000)
#define CAUSE_BLIND_ENDED UINT32_C(0x00040000)
#define CAUSE_PERSON_LOST UINT32_C(0x00080000)
#define CAUSE_FROZEN_LONG UINT32_C(0x00100000)
#define CAUSE_WRONG_WAY UINT32_C(0x00200000)
#define CAUSE_STALLED UINT32_C(0x00400000)
#define CAUSE_BRAKE_SLIP UINT32_C(0x00800000)
#define CAUSE_MOTOR_WARM UINT32_C(0x01000000)
#define CAUSE_MOTOR_HOT UINT32_C(0x02000000)
#define CAUSE_SUPPLY_LOW UINT32_C(0x04000000)
#define CAUSE_SUPPLY_CRITICAL UINT32_C(0x08000000)
#define CAUSE_LEVEL_SWITCH UINT32_C(0x10000000)
#define CAUSE_SIDE_UNKNOWN UINT32_C(0x20000000)

/* All of them, those that wait for an acknowledgement, and those of each rung. */
#define CAUSES_ALL UINT32_C(0x3FFFFFFF)
#define CAUSES_LATCHING UINT32_C(0x38EF7FA0)
#define CAUSES_REFUSE UINT32_C(0x11080009)
#define CAUSES_LEVEL UINT32_C(0x06908CF6)
#define CAUSES_BLIND_LEVEL UINT32_C(0x00021000)
#define CAUSES_HOLD UINT32_C(0x28656300)

/* Why a frame was not obeyed. */
enum reject {
    REJECT_DAMAGED = 1,
    REJECT_UNKNOWN_TYPE = 2,
    REJECT_WRONG_LENGTH = 3,
    REJECT_WRONG_VERSION = 4,
    REJECT_NOT_GREETED = 5,
    REJECT_OLD_SEQUENCE = 6,
    REJECT_STALE_NONCE = 7,
    REJECT_VOID_STOP_COUNT = 8,
    REJECT_NOT_ARMED = 9,
    REJECT_INTERLOCK = 10,
    REJECT_LATCHED = 11,
    REJECT_NOT_AT_REST = 12,
};

/* What was wrong with a frame. */
enum damage {
    DAMAGE_OVERLONG = 1,
    DAMAGE_COBS = 2,
    DAMAGE_CRC = 3,
};

/* The type byte of each message, and the bytes of its payload with that. */
#define HELLO_CODE 0x01u
#define HELLO_SIZE 6u
#define STOP_CODE 0x02u
#define STOP_SIZE 1u
#define LEVEL_CODE 0x03u
#define LEVEL_SIZE 5u
#define ARM_CODE 0x04u
#define ARM_SIZE 7u
#define DISARM_CODE 0x05u
#define DISARM_SIZE 3u
#define SETPOINT_CODE 0x06u
#define SETPOINT_SIZE 15u
#define KEEPALIVE_CODE 0x07u
#define KEEPALIVE_SIZE 5u
#define ACKNOWLEDGE_CODE 0x08u
#define ACKNOWLEDGE_SIZE 5u
#define IDENTITY_CODE 0x81u
#define IDENTITY_SIZE 24u
#define TELEMETRY_CODE 0x82u
#define TELEMETRY_SIZE 38u
#define REJECTED_CODE 0x83u
#define REJECTED_SIZE 5u

/* Little-endian numbers, byte by byte: right on every machine, aligned or not. */
static inline uint8_t wire_get_u8(const uint8_t *at)
{
    return at[0];
}

static inline uint16_t wire_get_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] | (uint16_t)((uint16_t)at[1] << 8));
}

static inline int16_t wire_get_i16(const uint8_t *at)
{
    return (int16_t)wire_get_u16(at);
}

static inline uint32_t wire_get_u32(const uint8_t *at)
{
    return wire_get_u16(at) | ((uint32_t)wire_get_u16(&at[2]) << 16);
}

static inline void wire_put_u8(uint8_t *at, uint8_t value)
{
    at[0] = value;
}

static inline void wire_put_u16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value & 0xFFu);
    at[1] = (uint8_t)(value >> 8);
}

static inline void wire_put_i16(uint8_t *at, int16_t value)
{
    wire_put_u16(at, (uint16_t)value);
}

static inline void wire_put_u32(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value & 0xFFu);
    at[1] = (uint8_t)((value >> 8) & 0xFFu);
    at[2] = (uint8_t)((value >> 16) & 0xFFu);
    at[3] = (uint8_t)(value >> 24);
}

/* Whatever a host sends: `code` says which message it is; the fields that this one has not are 0. */
struct from_host {
    uint8_t code;
    uint8_t protocol;
    uint32_t session;
    uint16_t sequence;
    uint16_t stop_count;
    uint16_t nonce;
    int16_t target_cdeg;
    int16_t rate_cdps;
    int16_t limit_cdeg;
    uint16_t lease_ms;
};

/* Read a payload of `size` bytes, at least one. 0, or the `enum reject` of what is no message. */
static inline uint8_t wire_read(const uint8_t *payload, uint8_t size, struct from_host *message)
{
    static const struct from_host empty = {0};
    *message = empty;
    message->code = payload[0];
    switch (payload[0]) {
    case HELLO_CODE:
        if (size != HELLO_SIZE) {
            return (uint8_t)REJECT_WRONG_LENGTH;
        }
        message->session = wire_get_u32(&payload[2]);
        message->protocol = wire_get_u8(&payload[1]);
        return 0;
    case STOP_CODE:
        if (size != STOP_SIZE) {
            return (uint8_t)REJECT_WRONG_LENGTH;
        }
        return 0;
    case LEVEL_CODE:
        if (size != LEVEL_SIZE) {
            return (uint8_t)REJECT_WRONG_LENGTH;
        }
        message->stop_count = wire_get_u16(&payload[3]);
        message->sequence = wire_get_u16(&payload[1]);
        return 0;
    case ARM_CODE:
        if (size != ARM_SIZE) {
            return (uint8_t)REJECT_WRONG_LENGTH;
        }
        message->stop_count = wire_get_u16(&payload[5]);
        message->nonce = wire_get_u16(&payload[3]);
        message->sequence = wire_get_u16(&payload[1]);
        return 0;
    case DISARM_CODE:
        if (size != DISARM_SIZE) {
            return (uint8_t)REJECT_WRONG_LENGTH;
        }
        message->sequence = wire_get_u16(&payload[1]);
        return 0;
    case SETPOINT_CODE:
        if (size != SETPOINT_SIZE) {
            return (uint8_t)REJECT_WRONG_LENGTH;
        }
        message->lease_ms = wire_get_u16(&payload[13]);
        message->limit_cdeg = wire_get_i16(&payload[11]);
        message->rate_cdps = wire_get_i16(&payload[9]);
        message->target_cdeg = wire_get_i16(&payload[7]);
        message->stop_count = wire_get_u16(&payload[5]);
        message->nonce = wire_get_u16(&payload[3]);
        message->sequence = wire_get_u16(&payload[1]);
        return 0;
    case KEEPALIVE_CODE:
        if (size != KEEPALIVE_SIZE) {
            return (uint8_t)REJECT_WRONG_LENGTH;
        }
        message->nonce = wire_get_u16(&payload[3]);
        message->sequence = wire_get_u16(&payload[1]);
        return 0;
    case ACKNOWLEDGE_CODE:
        if (size != ACKNOWLEDGE_SIZE) {
            return (uint8_t)REJECT_WRONG_LENGTH;
        }
        message->nonce = wire_get_u16(&payload[3]);
        message->sequence = wire_get_u16(&payload[1]);
        return 0;
    default:
        return (uint8_t)REJECT_UNKNOWN_TYPE;
    }
}

/* IDENTITY: write its code, then each field, into IDENTITY_SIZE bytes. */
static inline void wire_begin_identity(uint8_t *payload)
{
    payload[0] = IDENTITY_CODE;
}

static inline void wire_identity_protocol(uint8_t *payload, uint8_t protocol)
{
    wire_put_u8(&payload[1], protocol);
}

static inline void wire_identity_session(uint8_t *payload, uint32_t session)
{
    wire_put_u32(&payload[2], session);
}

static inline void wire_identity_firmware_major(uint8_t *payload, uint8_t firmware_major)
{
    wire_put_u8(&payload[6], firmware_major);
}

static inline void wire_identity_firmware_minor(uint8_t *payload, uint8_t firmware_minor)
{
    wire_put_u8(&payload[7], firmware_minor);
}

static inline void wire_identity_firmware_patch(uint8_t *payload, uint8_t firmware_patch)
{
    wire_put_u8(&payload[8], firmware_patch);
}

static inline void wire_identity_simulated(uint8_t *payload, uint8_t simulated)
{
    wire_put_u8(&payload[9], simulated);
}

static inline void wire_identity_time_scale(uint8_t *payload, uint16_t time_scale)
{
    wire_put_u16(&payload[10], time_scale);
}

static inline void wire_identity_unit(uint8_t *payload, uint32_t unit)
{
    wire_put_u32(&payload[12], unit);
}

static inline void wire_identity_boots(uint8_t *payload, uint16_t boots)
{
    wire_put_u16(&payload[16], boots);
}

static inline void wire_identity_memory(uint8_t *payload, uint16_t memory)
{
    wire_put_u16(&payload[18], memory);
}

static inline void wire_identity_limit_cdeg(uint8_t *payload, int16_t limit_cdeg)
{
    wire_put_i16(&payload[20], limit_cdeg);
}

static inline void wire_identity_rate_limit_cdps(uint8_t *payload, uint16_t rate_limit_cdps)
{
    wire_put_u16(&payload[22], rate_limit_cdps);
}

/* TELEMETRY: write its code, then each field, into TELEMETRY_SIZE bytes. */
static inline void wire_begin_telemetry(uint8_t *payload)
{
    payload[0] = TELEMETRY_CODE;
}

static inline void wire_telemetry_nonce(uint8_t *payload, uint16_t nonce)
{
    wire_put_u16(&payload[1], nonce);
}

static inline void wire_telemetry_time_ms(uint8_t *payload, uint32_t time_ms)
{
    wire_put_u32(&payload[3], time_ms);
}

static inline void wire_telemetry_stop_count(uint8_t *payload, uint16_t stop_count)
{
    wire_put_u16(&payload[7], stop_count);
}

static inline void wire_telemetry_angle_cdeg(uint8_t *payload, int16_t angle_cdeg)
{
    wire_put_i16(&payload[9], angle_cdeg);
}

static inline void wire_telemetry_bed_cdeg(uint8_t *payload, int16_t bed_cdeg)
{
    wire_put_i16(&payload[11], bed_cdeg);
}

static inline void wire_telemetry_drive_cdeg(uint8_t *payload, int16_t drive_cdeg)
{
    wire_put_i16(&payload[13], drive_cdeg);
}

static inline void wire_telemetry_rate_cdps(uint8_t *payload, int16_t rate_cdps)
{
    wire_put_i16(&payload[15], rate_cdps);
}

static inline void wire_telemetry_flags(uint8_t *payload, uint16_t flags)
{
    wire_put_u16(&payload[17], flags);
}

static inline void wire_telemetry_rung(uint8_t *payload, uint8_t rung)
{
    wire_put_u8(&payload[19], rung);
}

static inline void wire_telemetry_causes(uint8_t *payload, uint32_t causes)
{
    wire_put_u32(&payload[20], causes);
}

static inline void wire_telemetry_latched(uint8_t *payload, uint32_t latched)
{
    wire_put_u32(&payload[24], latched);
}

static inline void wire_telemetry_head_down_s(uint8_t *payload, uint32_t head_down_s)
{
    wire_put_u32(&payload[28], head_down_s);
}

static inline void wire_telemetry_episode_s(uint8_t *payload, uint16_t episode_s)
{
    wire_put_u16(&payload[32], episode_s);
}

static inline void wire_telemetry_current_fifths_a(uint8_t *payload, uint8_t current_fifths_a)
{
    wire_put_u8(&payload[34], current_fifths_a);
}

static inline void wire_telemetry_heat_percent(uint8_t *payload, uint8_t heat_percent)
{
    wire_put_u8(&payload[35], heat_percent);
}

static inline void wire_telemetry_supply_tenths_v(uint8_t *payload, uint8_t supply_tenths_v)
{
    wire_put_u8(&payload[36], supply_tenths_v);
}

static inline void wire_telemetry_arm_presses(uint8_t *payload, uint8_t arm_presses)
{
    wire_put_u8(&payload[37], arm_presses);
}

/* REJECTED: write its code, then each field, into REJECTED_SIZE bytes. */
static inline void wire_begin_rejected(uint8_t *payload)
{
    payload[0] = REJECTED_CODE;
}

static inline void wire_rejected_reason(uint8_t *payload, uint8_t reason)
{
    wire_put_u8(&payload[1], reason);
}

static inline void wire_rejected_code(uint8_t *payload, uint8_t code)
{
    wire_put_u8(&payload[2], code);
}

static inline void wire_rejected_sequence(uint8_t *payload, uint16_t sequence)
{
    wire_put_u16(&payload[3], sequence);
}

#endif
