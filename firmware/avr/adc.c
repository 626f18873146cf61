#include "adc.h"

#include <avr/interrupt.h>
#include <avr/io.h>
#include <util/atomic.h>

#include "board.h"
#include "fixed.h"

#define ROUND_MS 10u
#define NOISE_CONVERSIONS 32u
/* 125 kHz, 104 µs a conversion; a round of 40 takes 4.2 ms. */
#define PRESCALE_128 (_BV(ADPS2) | _BV(ADPS1) | _BV(ADPS0))
#define REFERENCE_AVCC _BV(REFS0)

/* Both sensors are ratiometric: a tenth of the supply is -100°, nine tenths +100°. Sixteen conversions sum up to 0 to
 * 16368, so that 0° is 8184 and a step 200° / 13094. */
#define MIDDLE INT32_C(8184)
#define SPAN 13094u
#define SPAN_CDEG 20000u
/* 40 A and 20 V at full scale, four conversions: 0 to 4092. */
#define FULL 4092u
#define FULL_MA 40000u
#define FULL_MV 20000u

/* Of each angle, and of each of the rest. */
#define FINE 16u
#define COARSE 4u

/* Of the interrupts alone, which do not interrupt each other; the sums are taken while none can come. */
static struct sums summed;
static uint8_t input;
/* 0: no round is being made. */
static uint8_t left;
static uint8_t due_ms;
static bool complete;

/* The flag of a conversion that nobody took, as the last one of the noise, is cleared by a 1: its interrupt would come at
 * once and add that old value. */
static void convert(uint8_t from)
{
    ADMUX = (uint8_t)(REFERENCE_AVCC | from);
    ADCSRA = (uint8_t)(_BV(ADEN) | _BV(ADIF) | _BV(ADIE) | PRESCALE_128 | _BV(ADSC));
}

uint32_t adc_noise(void)
{
    uint32_t noise = 0;

    for (uint8_t i = 0; i < NOISE_CONVERSIONS; i++) {
        ADMUX = (uint8_t)(REFERENCE_AVCC | (i % INPUTS));
        ADCSRA = (uint8_t)(_BV(ADEN) | PRESCALE_128 | _BV(ADSC));
        while ((ADCSRA & _BV(ADSC)) != 0) {
            /* A hundred microseconds; a converter that never ends is the watchdog's. */
        }
        /* An odd number takes nothing away, and 32 of them reach the last bit. */
        noise = noise * 33u + ADC;
    }
    return noise;
}

void adc_start(void)
{
    due_ms = ROUND_MS;
}

void adc_tick(void)
{
    due_ms--;
    if (due_ms > 0) {
        return;
    }
    due_ms = ROUND_MS;
    if (left == 0) {
        summed = (struct sums){0};
        complete = false;
        input = 0;
        left = FINE;
        convert(0);
    }
}

ISR(ADC_vect)
{
    uint8_t at = input;

    summed.of[at] = (uint16_t)(summed.of[at] + ADC);
    left--;
    if (left == 0) {
        at++;
        if (at == INPUTS) {
            complete = true;
            return;
        }
        input = at;
        left = at < CURRENT_INPUT ? FINE : COARSE;
    }
    convert(at);
}

bool adc_take(struct sums *sums)
{
    bool taken = false;

    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        if (complete) {
            complete = false;
            taken = true;
            *sums = summed;
        }
    }
    return taken;
}

int16_t adc_angle_cdeg(uint16_t sum, int16_t zero_cdeg)
{
    return (int16_t)(share((int32_t)sum - MIDDLE, SPAN_CDEG, SPAN) - zero_cdeg);
}

uint16_t adc_current_ma(uint16_t sum)
{
    return (uint16_t)share(sum, FULL_MA, FULL);
}

uint16_t adc_supply_mv(uint16_t sum)
{
    return (uint16_t)share(sum, FULL_MV, FULL);
}
