#include "motor.h"

#include <avr/io.h>

#include "board.h"
#include "fixed.h"

/* Phase-correct at 20 kHz: nobody hears it, and the driver follows. */
#define TOP 400u
#define FULL_POWER 32767u

void motor_start(void)
{
    PORTB = (uint8_t)(_BV(LEVEL_PIN) | _BV(ARM_PIN));
    DDRB = _BV(PWM_PIN) | _BV(DIRECTION_PIN) | _BV(BRAKE_PIN) | _BV(SIREN_PIN);
    TCCR1A = _BV(WGM11);
    ICR1 = TOP;
    OCR1A = 0;
    TCCR1B = _BV(WGM13) | _BV(CS10);
}

void motor_obey(struct command command)
{
    if (command.brake || command.power == 0) {
        /* The pin is let go of the timer, so that not even one pulse comes. */
        TCCR1A = _BV(WGM11);
        OCR1A = 0;
    } else {
        if (command.power > 0) {
            PORTB |= _BV(DIRECTION_PIN);
        } else {
            PORTB &= (uint8_t)~_BV(DIRECTION_PIN);
        }
        OCR1A = (uint16_t)share(size_of(command.power), TOP, FULL_POWER);
        TCCR1A = _BV(COM1A1) | _BV(WGM11);
    }
    if (command.brake) {
        PORTB &= (uint8_t)~_BV(BRAKE_PIN);
    } else {
        PORTB |= _BV(BRAKE_PIN);
    }
}

void motor_siren(bool on)
{
    if (on) {
        PORTB |= _BV(SIREN_PIN);
    } else {
        PORTB &= (uint8_t)~_BV(SIREN_PIN);
    }
}
