/* A cable between a tilt unit and a daemon that looks at what goes through it, and a hand that presses stop.
 *
 *     cable UNIT PORT STOP_BODY BROKER_PORT TOPIC
 *
 * opens the unit's terminal, makes another one for the daemon with a link to it at PORT, and carries bytes both ways.
 * Lines on standard input ask for measurements, each answered by lines of nanoseconds and "end":
 *
 *     stops COUNT GAP_US JITTER_US SLOW_US QUIET_US
 *                                    publish a stop, wait for its frame from the daemon (-1 if none comes), and so on;
 *                                    after one that took SLOW_US, only when no stop frame has come for QUIET_US: the
 *                                    daemon repeats what is not confirmed, and that is not the answer to the next stop
 *     answers COUNT                  when a telemetry had been passed on, and when the daemon's next frame was there;
 *                                    fewer of them if it falls silent
 *
 * In C, so that what stands at the two ends of the way adds as little as possible to it. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pty.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 500, SILENT_MS = 5000, LONGEST_BODY = 256, CHUNK = 4096 };

static unsigned char stop_body[LONGEST_BODY], body[LONGEST_BODY];
static size_t stop_length, body_length;
static int64_t stop_seen_ns, stop_last_ns, frame_seen_ns;

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void fail(const char *what)
{
    fprintf(stderr, "cable: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void send_whole(int to, const unsigned char *data, size_t length)
{
    while (length > 0) {
        ssize_t sent = write(to, data, length);
        if (sent < 0 && errno == EAGAIN)
            return; /* nobody reads: lost, as on a line */
        if (sent < 0)
            fail("write");
        data += sent;
        length -= (size_t)sent;
    }
}

/* Frames of the daemon: notes when the last byte of one, and of a stop, was there. */
static void look(const unsigned char *data, size_t length, int64_t at_ns)
{
    for (size_t i = 0; i < length; i++) {
        if (data[i] != 0) {
            if (body_length < LONGEST_BODY)
                body[body_length++] = data[i];
            continue;
        }
        if (body_length > 0 && frame_seen_ns == 0)
            frame_seen_ns = at_ns;
        if (body_length == stop_length && memcmp(body, stop_body, stop_length) == 0) {
            stop_last_ns = at_ns;
            if (stop_seen_ns == 0)
                stop_seen_ns = at_ns;
        }
        body_length = 0;
    }
}

static size_t connect_packet(unsigned char *out, const char *id)
{
    static const unsigned char head[] = {0x10, 0, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0};
    size_t length = strlen(id);
    memcpy(out, head, sizeof head);
    out[sizeof head] = 0;
    out[sizeof head + 1] = (unsigned char)length;
    memcpy(out + sizeof head + 2, id, length);
    out[1] = (unsigned char)(sizeof head + length);
    return sizeof head + 2 + length;
}

static size_t publish_packet(unsigned char *out, const char *topic)
{
    size_t length = strlen(topic);
    out[0] = 0x30;
    out[1] = (unsigned char)(length + 2);
    out[2] = 0;
    out[3] = (unsigned char)length;
    memcpy(out + 4, topic, length);
    return length + 4;
}

static int broker(int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    unsigned char packet[128], answer[4];
    char id[32];
    int one = 1, line = socket(AF_INET, SOCK_STREAM, 0);
    inet_pton(AF_INET, "127.0.0.1", &at.sin_addr);
    if (line < 0 || connect(line, (struct sockaddr *)&at, sizeof at) < 0)
        fail("broker");
    setsockopt(line, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    snprintf(id, sizeof id, "hand-%d", (int)getpid());
    send_whole(line, packet, connect_packet(packet, id));
    if (read(line, answer, sizeof answer) != sizeof answer || answer[3] != 0)
        fail("the broker's answer");
    return line;
}

int main(int count, char **given)
{
    unsigned char packet[256], data[CHUNK];
    struct termios raw;
    char line[128];
    int master, slave, left = 0, answering = 0, slow = 0;
    long gap_us = 0, jitter_us = 0, slow_us = 0, quiet_us = 0;
    int64_t published_ns = 0, next_ns = 0, passed_ns = 0, heard_ns = 0;
    uint32_t luck = 1;

    if (count != 6) {
        fprintf(stderr, "cable: UNIT PORT STOP_BODY BROKER_PORT TOPIC\n");
        return 2;
    }
    for (const char *hex = given[3]; hex[0] && hex[1]; hex += 2)
        sscanf(hex, "%2hhx", &stop_body[stop_length++]);
    int unit = open(given[1], O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (unit < 0)
        fail(given[1]);
    tcgetattr(unit, &raw);
    cfmakeraw(&raw);
    tcsetattr(unit, TCSANOW, &raw);
    tcflush(unit, TCIOFLUSH);
    if (openpty(&master, &slave, NULL, &raw, NULL) < 0)
        fail("openpty");
    fcntl(master, F_SETFL, O_NONBLOCK);
    unlink(given[2]);
    if (symlink(ttyname(slave), given[2]) < 0)
        fail(given[2]);
    int hand = broker(atoi(given[4]));
    size_t length = publish_packet(packet, given[5]);
    puts("ready");
    fflush(stdout);

    for (;;) {
        struct pollfd at[] = {{0, POLLIN, 0}, {unit, POLLIN, 0}, {master, POLLIN, 0}, {hand, POLLIN, 0}};
        int64_t wait_ns = 1000000000;
        if (slow && next_ns < stop_last_ns + quiet_us * INT64_C(1000))
            next_ns = stop_last_ns + quiet_us * INT64_C(1000);
        if (left > 0 && !answering)
            wait_ns = (published_ns != 0 ? published_ns + PATIENCE_MS * INT64_C(1000000) : next_ns) - now_ns();
        if (wait_ns < 0)
            wait_ns = 0;
        struct timespec wait = {wait_ns / 1000000000, wait_ns % 1000000000};
        ppoll(at, 4, &wait, NULL);
        if (at[2].revents & POLLIN) {
            ssize_t got = read(master, data, sizeof data);
            int64_t at_ns = now_ns();
            if (got > 0) {
                look(data, (size_t)got, at_ns);
                send_whole(unit, data, (size_t)got);
            }
        }
        if (at[1].revents & POLLIN) {
            ssize_t got = read(unit, data, sizeof data);
            if (got > 0) {
                send_whole(master, data, (size_t)got);
                passed_ns = now_ns();
                frame_seen_ns = 0;
            }
        }
        if (at[1].revents & (POLLHUP | POLLERR) || at[3].revents & (POLLHUP | POLLERR))
            return 0;
        if (at[3].revents & POLLIN && read(hand, data, sizeof data) <= 0)
            return 0;
        if (left > 0 && answering && passed_ns != 0 && frame_seen_ns != 0) {
            printf("%lld %lld\n", (long long)passed_ns, (long long)frame_seen_ns);
            passed_ns = 0;
            heard_ns = now_ns();
            left--;
        } else if (left > 0 && answering && now_ns() - heard_ns > SILENT_MS * INT64_C(1000000)) {
            left = 0;
        } else if (left > 0 && !answering && published_ns != 0) {
            int late = now_ns() - published_ns > PATIENCE_MS * INT64_C(1000000);
            if (stop_seen_ns != 0 || late) {
                printf("%lld\n", stop_seen_ns != 0 ? (long long)(stop_seen_ns - published_ns) : -1LL);
                luck = luck * 1664525u + 1013904223u;
                /* From the answer on: stops that arrive within 10 ms of a frame share it, and one of them gets none. */
                next_ns = now_ns() + (gap_us + (long)(luck >> 8) % (jitter_us + 1)) * INT64_C(1000);
                slow = late || stop_seen_ns - published_ns >= slow_us * INT64_C(1000);
                published_ns = 0;
                left--;
            }
        } else if (left > 0 && !answering && now_ns() >= next_ns) {
            stop_seen_ns = 0;
            published_ns = now_ns();
            send_whole(hand, packet, length);
        }
        if (left == 0 && (gap_us != 0 || answering)) {
            gap_us = answering = 0;
            puts("end");
            fflush(stdout);
        }
        if (at[0].revents) {
            ssize_t got = read(0, line, sizeof line - 1);
            if (got <= 0)
                return 0;
            line[got] = 0;
            if (sscanf(line, "stops %d %ld %ld %ld %ld", &left, &gap_us, &jitter_us, &slow_us, &quiet_us) == 5)
                next_ns = now_ns() + gap_us * INT64_C(1000), slow = 0;
            else if (sscanf(line, "answers %d", &left) == 1)
                answering = 1, passed_ns = 0, heard_ns = now_ns();
        }
    }
}
