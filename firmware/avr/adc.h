/* The analogue inputs: a round of all four every 10 ms. Of each angle 16 conversions are summed up, which gives 0.015°
 * out of a converter of 0.24°, because the sensors' noise carries it over the steps between. */
#ifndef BASCULE_ADC_H
#define BASCULE_ADC_H

#include <stdbool.h>
#include <stdint.h>

#include "board.h"

/* By their number in board.h. */
struct sums {
    uint16_t of[INPUTS];
};

/* Noise of all inputs, for numbers that nobody can foresee; before `adc_start`. */
uint32_t adc_noise(void);

void adc_start(void);

/* From the clock's interrupt, each millisecond: begins a round when one is due. */
void adc_tick(void);

/* The newest round, once. */
bool adc_take(struct sums *sums);

/* What the sums mean. */
int16_t adc_angle_cdeg(uint16_t sum, int16_t zero_cdeg);
uint16_t adc_current_ma(uint16_t sum);
uint16_t adc_supply_mv(uint16_t sum);

#endif
