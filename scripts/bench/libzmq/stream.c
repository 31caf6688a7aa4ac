/* Measures one stream of messages over libzmq: a PUB and a SUB, a process each.
 *
 *   stream sub tcp://127.0.0.1:PORT N        counts N messages and prints "messages N seconds S"
 *   stream pub tcp://127.0.0.1:PORT N SIZE   binds, waits for the SUB, sends N messages of SIZE bytes
 *
 * No high-water mark, so nothing is lost. With a key (socket.h) it is CURVE. cc -O2 -o stream stream.c -lzmq
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "socket.h"

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* An XPUB is a PUB that shows its subscriptions: the first one says that the SUB is there. */
static void publish(void *context, const char *endpoint, long n, size_t size)
{
	void *pub = open_socket(context, ZMQ_XPUB);
	char subscription[16], *body = malloc(size);
	check(body != NULL, "malloc");
	memset(body, 'x', size);
	lock(pub, 1);
	check(zmq_bind(pub, endpoint) == 0, endpoint);
	check(zmq_recv(pub, subscription, sizeof subscription, 0) > 0, "zmq_recv");
	for (long i = 0; i < n; i++) {
		check(zmq_send(pub, "1", 1, ZMQ_SNDMORE) == 1, "zmq_send");
		check(zmq_send(pub, body, size, 0) == (int)size, "zmq_send");
	}
	free(body);
	zmq_close(pub); /* lingers until everything is sent */
}

static void subscribe(void *context, const char *endpoint, long n)
{
	void *sub = open_socket(context, ZMQ_SUB);
	zmq_msg_t frame;
	double start = 0;
	check(zmq_setsockopt(sub, ZMQ_SUBSCRIBE, "1", 1) == 0, "ZMQ_SUBSCRIBE");
	lock(sub, 0);
	check(zmq_connect(sub, endpoint) == 0, endpoint);
	zmq_msg_init(&frame);
	for (long i = 0; i < n; i++) {
		do
			check(zmq_msg_recv(&frame, sub, 0) >= 0, "zmq_msg_recv");
		while (zmq_msg_more(&frame));
		if (i == 0)
			start = now();
	}
	printf("messages %ld seconds %.6f\n", n, now() - start);
	zmq_msg_close(&frame);
	zmq_close(sub);
}

int main(int argc, char **argv)
{
	if (argc < 4 || (strcmp(argv[1], "pub") == 0 && argc < 5)) {
		fprintf(stderr, "usage: stream sub ENDPOINT N | stream pub ENDPOINT N SIZE\n");
		return 2;
	}
	void *context = zmq_ctx_new();
	if (strcmp(argv[1], "pub") == 0)
		publish(context, argv[2], atol(argv[3]), (size_t)atol(argv[4]));
	else
		subscribe(context, argv[2], atol(argv[3]));
	zmq_ctx_term(context);
	return 0;
}
