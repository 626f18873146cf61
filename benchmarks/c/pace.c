/* The floor for a loop: wakes every 20 ms by the monotonic clock, and says how many nanoseconds too late.
 *
 *     pace COUNT */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PERIOD_NS = 20000000 };

int main(int count, char **given)
{
    struct timespec due, now;
    int rounds = count > 1 ? atoi(given[1]) : 100;
    clock_gettime(CLOCK_MONOTONIC, &due);
    while (rounds-- > 0) {
        due.tv_nsec += PERIOD_NS;
        if (due.tv_nsec >= 1000000000) {
            due.tv_nsec -= 1000000000;
            due.tv_sec++;
        }
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR)
            ;
        clock_gettime(CLOCK_MONOTONIC, &now);
        printf("%lld\n", (now.tv_sec - due.tv_sec) * 1000000000LL + now.tv_nsec - due.tv_nsec);
    }
    return 0;
}
