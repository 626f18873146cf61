/* The two angle sensors, judged: which of them fails (F7), and whether nobody can tell (F8). The twin of
 * simulator/voting.py, which says why. Sampled every 10 ms, judged every 20. */
#ifndef BASCULE_VOTING_H
#define BASCULE_VOTING_H

#include <stdbool.h>
#include <stdint.h>

#define SAMPLE_MS 10u
#define RANGE_CDEG 9500

/* What the level switch reports, if it is to be believed. */
enum side {
    SIDE_HEAD_UP = 0,
    SIDE_HEAD_DOWN = 1,
    SIDE_DOUBTED = 2,
};

/* The one sensor that waits for an acknowledgement because it failed before, through a restart, too. */
enum suspect {
    SUSPECT_NOBODY = 0,
    SUSPECT_BED = 1,
    SUSPECT_DRIVE = 2,
};

/* One sensor: its last good reading, angle and rate out of all of them, and whether it is failing. Before its first
 * good reading it is. `implausible`: some reading since the last verdict was. */
struct channel {
    int32_t smooth_q16;
    int32_t rate_q16;
    int16_t cdeg;
    uint8_t bad;
    uint8_t still_samples;
    uint8_t still_limit;
    bool met;
    bool failing;
    bool implausible;
};

struct voter {
    struct channel bed;
    struct channel drive;
    int8_t doubt_ticks;
    bool apart;
};

void voter_start(struct voter *voter);

/* Judge one reading by itself, every 10 ms. */
void channel_take(struct channel *channel, int16_t cdeg);

/* Both channels, once a tick. */
void voter_judge(struct voter *voter, enum side side, enum suspect suspect);

#endif
