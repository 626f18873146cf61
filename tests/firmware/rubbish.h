#ifndef RUBBISH_H
#define RUBBISH_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Memory is filled with rubbish: what the core does not set itself shows. In turn it reads as true and as false. */
static void *rubbish(size_t size)
{
    static bool zeros = true;
    void *const made = malloc(size);

    zeros = !zeros;

    if (made == NULL) {
        abort();
    }
    memset(made, zeros ? 0 : 0xA5, size);
    return made;
}

#endif
