#include "switches.h"

#include <avr/io.h>

#include "board.h"

void switches_start(void)
{
    DDRD &= (uint8_t)~LOOPS;
    PORTD |= LOOPS;
}

void switches_read(struct readings *readings)
{
    const uint8_t open = PIND;
    const uint8_t others = PINB;

    readings->ankles_locked = (open & _BV(ANKLES_PIN)) == 0;
    readings->occupied = (open & _BV(OCCUPANT_PIN)) == 0;
    readings->estop = (open & _BV(ESTOP_PIN)) != 0;
    readings->lowering = (open & _BV(LOWERING_PIN)) != 0;
    readings->end_head_down = (open & _BV(END_HEAD_DOWN_PIN)) != 0;
    readings->end_head_up = (open & _BV(END_HEAD_UP_PIN)) != 0;
    readings->head_down_side = (others & _BV(LEVEL_PIN)) != 0;
    readings->arm_button = (others & _BV(ARM_PIN)) == 0;
}
