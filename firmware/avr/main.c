/* The reference tilt unit on an ATmega328P: everything that it decides is in core/, here are only registers.
 *
 * The loop sleeps until an interrupt, takes what came from the host, makes a round of control when the second round of
 * conversions is in (every 20 ms), and sends. The watchdog is fed at the end of such a round and nowhere else. */
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>

#include "adc.h"
#include "board.h"
#include "clock.h"
#include "kept.h"
#include "motor.h"
#include "switches.h"
#include "uart.h"
#include "unit.h"

#define SAMPLES_PER_TICK 2u
/* What the sensors show at 0°, in hundredths of a degree; docs/hardware.md, calibration. */
#ifndef BED_ZERO_CDEG
#define BED_ZERO_CDEG 0
#endif
#ifndef DRIVE_ZERO_CDEG
#define DRIVE_ZERO_CDEG 0
#endif
/* A broken wire reads -125° less the zero, which has to stay beyond the range of ±95°; 10° and more is a mounting. */
#if BED_ZERO_CDEG < -1000 || BED_ZERO_CDEG > 1000 || DRIVE_ZERO_CDEG < -1000 || DRIVE_ZERO_CDEG > 1000
#error "a zero beyond 10 degrees: mount the sensor anew"
#endif

static struct unit unit;

/* One round of control: motor and brake first, then what is remembered, then the watchdog. */
static void control(const struct readings *readings, uint32_t now_ms)
{
    motor_obey(unit_tick(&unit, now_ms, readings));
    motor_siren(unit.siren);
    kept_save(&unit.memory);
    clock_feed_watchdog();
}

int main(void)
{
    struct readings readings = {0};
    struct sums sums;
    uint8_t samples = 0;

    motor_start();
    switches_start();
    kept_load(&unit.memory);
    /* What survived or not is noise, too: no two runs begin with the same numbers. */
    unit_start(&unit, adc_noise() ^ unit.memory.check, UNIT_NUMBER);
    kept_save(&unit.memory);
    uart_start();
    adc_start();
    clock_start();
    /* Idle: the timers, the converter and the line go on. */
    SMCR = _BV(SE);
    sei();
    for (;;) {
        uint8_t byte;

        if (uart_take(&byte)) {
            unit_receive(&unit, byte);
        } else {
            sleep_cpu();
        }
        if (adc_take(&sums)) {
            readings.bed_cdeg = adc_angle_cdeg(sums.of[BED_INPUT], BED_ZERO_CDEG);
            readings.drive_cdeg = adc_angle_cdeg(sums.of[DRIVE_INPUT], DRIVE_ZERO_CDEG);
            unit_sample(&unit, readings.bed_cdeg, readings.drive_cdeg);
            samples++;
            if (samples == SAMPLES_PER_TICK) {
                samples = 0;
                readings.current_ma = adc_current_ma(sums.of[CURRENT_INPUT]);
                readings.supply_mv = adc_supply_mv(sums.of[SUPPLY_INPUT]);
                switches_read(&readings);
                control(&readings, clock_ms());
            }
        }
        if (uart_idle()) {
            const uint8_t size = unit_transmit(&unit, uart_frame());

            if (size > 0) {
                uart_send(size);
            }
        }
    }
}
