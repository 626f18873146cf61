#include "fixed.h"

#include "apart.h"

int32_t size_of(int32_t value)
{
    return value < 0 ? -value : value;
}

APART int32_t least(int32_t one, int32_t other)
{
    return one < other ? one : other;
}

APART int32_t most_of(int32_t one, int32_t other)
{
    return one > other ? one : other;
}

int32_t within(int32_t value, int32_t most)
{
    return value < 0 ? most_of(value, -most) : least(value, most);
}

bool opposed(int32_t one, int32_t other)
{
    if (one < 0) {
        return other > 0;
    }
    return other < 0 && one != 0;
}

int16_t rounded(int32_t q16)
{
    /* Half away from 0; what is left are the upper two bytes, which the chip takes as they are. */
    const int32_t moved_q16 = q16 < 0 ? q16 + (ONE_Q16 / 2 - 1) : q16 + ONE_Q16 / 2;

    //@ split moved_q16 < 0;
    return (int16_t)((uint32_t)moved_q16 >> 16);
}

int32_t divided(int32_t value, uint16_t by)
{
    return value / (int32_t)by;
}

int32_t share(int32_t value, uint16_t times, uint16_t of)
{
    return divided(value * (int32_t)times, of);
}

uint8_t counted(uint8_t ticks)
{
    return ticks == UINT8_MAX ? ticks : (uint8_t)(ticks + 1u);
}

bool lasted(uint8_t *ticks, bool so, uint8_t enough)
{
    *ticks = so ? counted(*ticks) : 0u;
    return *ticks >= enough;
}
