/* The line to the host, 115200 baud 8N1, both ways by interrupt. The chip itself holds three bytes: they are taken at
 * once and wait here. */
#ifndef BASCULE_UART_H
#define BASCULE_UART_H

#include <stdbool.h>
#include <stdint.h>

void uart_start(void);

/* The next byte from the host, if there is one. */
bool uart_take(uint8_t *byte);

/* Whether everything was sent. */
bool uart_idle(void);

/* Where a frame is built, of FRAME_LIMIT bytes; only while idle. */
uint8_t *uart_frame(void);

/* Send so many bytes of it. */
void uart_send(uint8_t size);

#endif
