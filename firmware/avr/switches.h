/* The switches on the table, each a loop that is closed while all is well. */
#ifndef BASCULE_SWITCHES_H
#define BASCULE_SWITCHES_H

#include "readings.h"

void switches_start(void);

void switches_read(struct readings *readings);

#endif
