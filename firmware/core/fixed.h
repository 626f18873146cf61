/* Fixed-point numbers: angles, rates and accelerations in 1/65536 of a hundredth of a degree (and second), "q16".
 *
 * Not floating point, because then the chip computes bit for bit what the tests on another machine compute, whatever
 * its compiler and library round; because every range can be shown to hold; and because it is a quarter of the code.
 * 65536 steps, because the filter adds 0.0035 of a surprise of 0.01° at a time, which must not be lost (it is 2 steps),
 * while ±32767 holds every angle (±120°) and the difference of two. */
#ifndef BASCULE_FIXED_H
#define BASCULE_FIXED_H

#include <stdbool.h>
#include <stdint.h>

#define ONE_Q16 INT32_C(65536)
#define Q16(whole) ((int32_t)(whole)*ONE_Q16)
/* The same number; `hundredths` of it, for constants such as 2.5. */
#define Q16_HUNDREDTHS(hundredths) ((int32_t)((hundredths)*INT32_C(65536) / 100))

/* Functions and no macros, so that the chip holds each of them once. */

/* The value, cut to ±most. */
int32_t within(int32_t value, int32_t most);

int32_t size_of(int32_t value);

int32_t least(int32_t one, int32_t other);

int32_t most_of(int32_t one, int32_t other);

/* Whether one is above 0 and the other below. */
bool opposed(int32_t one, int32_t other);

/* The nearest whole number: of hundredths of a degree. */
int16_t rounded(int32_t q16);

/* A part of the value, rounded towards 0: `times` of `of`. The product has to fit. */
int32_t share(int32_t value, uint16_t times, uint16_t of);

/* The value divided, rounded towards 0. */
int32_t divided(int32_t value, uint16_t by);

/* One tick more, as far as a byte goes. */
uint8_t counted(uint8_t ticks);

/* Count the ticks on end, this one with them, at which something is so; whether it has been for `enough`. */
bool lasted(uint8_t *ticks, bool so, uint8_t enough);

#endif
