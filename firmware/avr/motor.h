/* Motor and brake. Off and braked from `motor_start` on; until then the resistors at the pins see to it. */
#ifndef BASCULE_MOTOR_H
#define BASCULE_MOTOR_H

#include "motion.h"

void motor_start(void);

void motor_obey(struct command command);

/* The siren, and the lamp on the board. */
void motor_siren(bool on);

#endif
