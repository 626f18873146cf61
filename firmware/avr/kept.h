/* Memory that a reset does not clear: two copies, written in turn, so that a reset in the middle of writing one leaves
 * the other whole. */
#ifndef BASCULE_KEPT_H
#define BASCULE_KEPT_H

#include "memory.h"

/* The newer whole copy, or one that is not valid. */
void kept_load(struct memory *memory);

void kept_save(const struct memory *memory);

#endif
