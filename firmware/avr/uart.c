#include "uart.h"

#include <avr/interrupt.h>
#include <avr/io.h>

#include "board.h"
#include "framing.h"

/* Twice the speed, then 16 MHz / 8 / 115200 - 1 = 16.4: 16 is off by 2.1 %, which a receiver stands. */
#define DIVIDER 16u
/* 11 ms of bytes: a round of control takes less than half of that. A power of two. */
#define ROOM 128u

static volatile uint8_t received[ROOM];
static volatile uint8_t put;
static volatile uint8_t got;
static uint8_t frame[FRAME_LIMIT];
static volatile uint8_t sending;
static volatile uint8_t sent;

void uart_start(void)
{
    UCSR0A = _BV(U2X0);
    UBRR0 = DIVIDER;
    UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
    UCSR0B = _BV(RXEN0) | _BV(TXEN0) | _BV(RXCIE0);
}

/* What does not fit is lost, and the frame it belonged to is dropped by its CRC. */
ISR(USART_RX_vect)
{
    const uint8_t byte = UDR0;
    const uint8_t next = (uint8_t)((put + 1u) % ROOM);

    if (next != got) {
        received[put] = byte;
        put = next;
    }
}

ISR(USART_UDRE_vect)
{
    const uint8_t at = sent;

    if (at < sending) {
        UDR0 = frame[at];
        sent = (uint8_t)(at + 1u);
    } else {
        UCSR0B = (uint8_t)(UCSR0B & ~_BV(UDRIE0));
    }
}

bool uart_take(uint8_t *byte)
{
    const uint8_t at = got;

    if (at == put) {
        return false;
    }
    *byte = received[at];
    got = (uint8_t)((at + 1u) % ROOM);
    return true;
}

bool uart_idle(void)
{
    return sent == sending;
}

uint8_t *uart_frame(void)
{
    return frame;
}

void uart_send(uint8_t size)
{
    sent = 0;
    sending = size;
    UCSR0B = (uint8_t)(UCSR0B | _BV(UDRIE0));
}
