/* A function that stands apart: the compiler would put it into its one caller, or into all of them, and both ways the
 * code on the chip is longer, because pointers into a large structure are computed again and again there. */
#ifndef BASCULE_APART_H
#define BASCULE_APART_H

#if defined(__GNUC__)
#define APART __attribute__((noinline))
#else
#define APART
#endif

#endif
