#ifndef RUBBISH_H
#define RUBBISH_H

#include <stdlib.h>
#include <string.h>

/* Memory is filled with rubbish: what the core does not set itself shows. */
static void *rubbish(size_t size)
{
    void *const made = malloc(size);

    if (made == NULL) {
        abort();
    }
    memset(made, 0xA5, size);
    return made;
}

#endif
