#include "clock.h"

#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/wdt.h>
#include <util/atomic.h>

#include "adc.h"
#include "board.h"

/* 16 MHz / 64 / 250 = 1 kHz. */
#define TICK_TOP 249u

static volatile uint32_t now_ms;

/* Before anything else: a watchdog that has bitten stays on, at its shortest time. It is turned off and on again, as the
 * data sheet has it, because not every one takes a longer time while it runs. */
void clock_tame_watchdog(void) __attribute__((naked, used, section(".init3")));
void clock_tame_watchdog(void)
{
    MCUSR = 0;
    wdt_disable();
    wdt_enable(WDTO_250MS);
}

void clock_start(void)
{
    TCCR0A = _BV(WGM01);
    OCR0A = TICK_TOP;
    TCNT0 = 0;
    TIMSK0 = _BV(OCIE0A);
    TCCR0B = _BV(CS01) | _BV(CS00);
}

ISR(TIMER0_COMPA_vect)
{
    now_ms++;
    adc_tick();
}

uint32_t clock_ms(void)
{
    uint32_t read_ms;

    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        read_ms = now_ms;
    }
    return read_ms;
}

void clock_feed_watchdog(void)
{
    wdt_reset();
}
