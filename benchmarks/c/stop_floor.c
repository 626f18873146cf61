/* The floor for a stop: libmosquitto's callback writes the frame to the port. Nothing else is done.
 *
 *     stop_floor PORT BROKER_PORT TOPIC STOP_FRAME */
#define _GNU_SOURCE
#include <fcntl.h>
#include <mosquitto.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static unsigned char frame[64];
static size_t frame_length;
static int port;

static void on_message(struct mosquitto *client, void *own, const struct mosquitto_message *message)
{
    (void)client, (void)own, (void)message;
    if (write(port, frame, frame_length) != (ssize_t)frame_length)
        exit(1);
}

static void on_connect(struct mosquitto *client, void *topic, int refused)
{
    if (refused || mosquitto_subscribe(client, NULL, topic, 1) != MOSQ_ERR_SUCCESS)
        exit(1);
}

/* Telemetry comes all the time, and somebody has to read it. */
static void *read_port(void *nothing)
{
    unsigned char data[4096];
    while (read(port, data, sizeof data) > 0)
        ;
    return nothing;
}

int main(int count, char **given)
{
    struct termios raw;
    pthread_t reader;
    if (count != 5)
        return 2;
    for (const char *hex = given[4]; hex[0] && hex[1]; hex += 2)
        sscanf(hex, "%2hhx", &frame[frame_length++]);
    port = open(given[1], O_RDWR | O_NOCTTY);
    if (port < 0)
        return 1;
    tcgetattr(port, &raw);
    cfmakeraw(&raw);
    tcsetattr(port, TCSANOW, &raw);
    pthread_create(&reader, NULL, read_port, NULL);
    mosquitto_lib_init();
    struct mosquitto *client = mosquitto_new(NULL, true, given[3]);
    mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1);
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_message_callback_set(client, on_message);
    if (mosquitto_connect(client, "127.0.0.1", atoi(given[2]), 60) != MOSQ_ERR_SUCCESS)
        return 1;
    return mosquitto_loop_forever(client, -1, 1);
}
