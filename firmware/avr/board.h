/* What is wired to which pin of the Arduino Nano (ATmega328P, 16 MHz, 5 V). docs/hardware.md says it for people.
 *
 * Every loop is normally closed: an input that reads high is open, and open is the dangerous side of it. */
#ifndef BASCULE_BOARD_H
#define BASCULE_BOARD_H

#include <avr/io.h>

#define CPU_HZ UINT32_C(16000000)

/* Port D, inputs with pull-up, closed to ground. */
#define ANKLES_PIN PD2
#define OCCUPANT_PIN PD3
#define ESTOP_PIN PD4
#define LOWERING_PIN PD5
#define END_HEAD_DOWN_PIN PD6
#define END_HEAD_UP_PIN PD7
#define LOOPS                                                                                                          \
    (_BV(ANKLES_PIN) | _BV(OCCUPANT_PIN) | _BV(ESTOP_PIN) | _BV(LOWERING_PIN) | _BV(END_HEAD_DOWN_PIN) |               \
     _BV(END_HEAD_UP_PIN))

/* Port B: level switch (open on the head-down side), PWM, direction (high: head down), brake (high: released), arm
 * button (closed while pressed, so that a broken wire arms nothing), siren and the board's own lamp. */
#define LEVEL_PIN PB0
#define PWM_PIN PB1
#define DIRECTION_PIN PB2
#define BRAKE_PIN PB3
#define ARM_PIN PB4
#define SIREN_PIN PB5

/* Analogue inputs, each with 100 kΩ to ground, so that a broken wire reads 0, which is no angle. */
#define BED_INPUT 0u
#define DRIVE_INPUT 1u
#define CURRENT_INPUT 2u
#define SUPPLY_INPUT 3u
#define INPUTS 4u

/* The number that this unit tells; `make UNIT=7`. */
#ifndef UNIT_NUMBER
#define UNIT_NUMBER 1
#endif

#endif
