/* An application over libzmq for scripts/messages.sh: one process of a measurement.
 *
 *   messages ROLE INDEX MEMBERS COUNT SIZE RATE
 *
 * ROLE is pub, sub or both; arguments, stamps and results are those of scripts/bench/node. A publisher binds
 * 127.0.0.1:PORT, PORT being 21000 + INDEX, and everybody connects to all publishers. No high-water mark: nothing is
 * lost here, and memory has no bound. With a key (socket.h) it is CURVE. cc -O2 -o messages messages.c -lzmq -lpthread
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include "socket.h"

enum { FIRST_PORT = 21000, SILENCE = 3000 /* ms without a message: the rest is lost */ };

static int publisher, subscriber, self, members, rate;
static long count;
static size_t size;
static void *context;
static double *latencies, sending;
static long expected, got, disorder;
static int64_t first, last;

static int64_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void put(uint8_t *to, uint64_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		to[i] = v >> 8 * (bytes - 1 - i);
}

static uint64_t get(const uint8_t *from, int bytes)
{
	uint64_t v = 0;
	for (int i = 0; i < bytes; i++)
		v = v << 8 | from[i];
	return v;
}

static void *publish(void *pub)
{
	uint8_t *body = calloc(1, size);
	check(body != NULL, "calloc");
	prctl(PR_SET_TIMERSLACK, 1);
	put(body + 16, self, 4);
	int64_t begin = now();
	for (long i = 0; i < count; i++) {
		int64_t at = now();
		if (rate > 0) {
			int64_t due = begin + (int64_t)(i * 1e9 / rate), wait = due - at;
			if (wait > 0) {
				struct timespec t = { wait / 1000000000, wait % 1000000000 };
				nanosleep(&t, NULL);
				at = now();
			} else {
				at = due;
			}
		}
		put(body, at, 8);
		put(body + 8, i, 8);
		check(zmq_send(pub, "1", 1, ZMQ_SNDMORE) == 1, "zmq_send");
		check(zmq_send(pub, body, size, 0) == (int)size, "zmq_send");
	}
	sending = (now() - begin) / 1e9;
	free(body);
	return NULL;
}

static void subscribe(void *sub)
{
	int64_t *before = malloc(members * sizeof *before);
	check(before != NULL, "malloc");
	for (int i = 0; i < members; i++)
		before[i] = -1;
	zmq_msg_t frame;
	zmq_msg_init(&frame);
	while (got < expected) {
		do {
			if (zmq_msg_recv(&frame, sub, 0) < 0) {
				if (errno == EAGAIN && got == 0)
					continue;
				goto end;
			}
		} while (zmq_msg_more(&frame));
		const uint8_t *body = zmq_msg_data(&frame);
		int64_t t = now(), seq = get(body + 8, 8);
		int from = get(body + 16, 4);
		if (zmq_msg_size(&frame) < 20 || from >= members)
			continue;
		if (got == 0)
			first = t;
		last = t;
		disorder += seq <= before[from];
		before[from] = seq;
		latencies[got++] = (t - (int64_t)get(body, 8)) / 1e3;
	}
end:
	zmq_msg_close(&frame);
	free(before);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double at(double p)
{
	long i = p * got;
	return latencies[i < got ? i : got - 1];
}

static void report(void)
{
	printf("{\"sent\": %ld, \"refused\": 0, \"sending\": %.6f, \"expected\": %ld, \"got\": %ld, \"disorder\": %ld, "
	       "\"first\": %lld, \"last\": %lld, \"latency\": ",
	       publisher ? count : 0, sending, expected, got, disorder, (long long)first, (long long)last);
	if (got > 0) {
		qsort(latencies, got, sizeof *latencies, compare);
		printf("[%.3f, %.3f, %.3f, %.3f]}\n", at(0.5), at(0.99), at(0.999), at(1));
	} else {
		printf("null}\n");
	}
	fflush(stdout);
}

int main(int argc, char **argv)
{
	if (argc < 7) {
		fprintf(stderr, "usage: messages ROLE INDEX MEMBERS COUNT SIZE RATE\n");
		return 2;
	}
	int both = strcmp(argv[1], "both") == 0, silence = SILENCE;
	publisher = both || strcmp(argv[1], "pub") == 0;
	subscriber = both || !publisher;
	self = atoi(argv[2]), members = atoi(argv[3]), count = atol(argv[4]), size = atol(argv[5]), rate = atoi(argv[6]);
	context = zmq_ctx_new();
	char endpoint[64], line[64];
	void *pub = NULL, *sub = NULL;
	if (publisher) {
		pub = open_socket(context, ZMQ_XPUB);
		int verbose = 1;
		lock(pub, 1);
		check(zmq_setsockopt(pub, ZMQ_XPUB_VERBOSE, &verbose, sizeof verbose) == 0, "ZMQ_XPUB_VERBOSE");
		snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%d", FIRST_PORT + self);
		check(zmq_bind(pub, endpoint) == 0, endpoint);
	}
	if (subscriber) {
		expected = count * (both ? members - 1 : 1);
		latencies = malloc(expected * sizeof *latencies);
		check(latencies != NULL, "malloc");
		sub = open_socket(context, ZMQ_SUB);
		check(zmq_setsockopt(sub, ZMQ_RCVTIMEO, &silence, sizeof silence) == 0, "ZMQ_RCVTIMEO");
		lock(sub, 0);
		check(zmq_setsockopt(sub, ZMQ_SUBSCRIBE, "1", 1) == 0, "ZMQ_SUBSCRIBE");
		for (int i = 0; i < (both ? members : 1); i++) {
			if (i == self)
				continue;
			snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%d", FIRST_PORT + i);
			check(zmq_connect(sub, endpoint) == 0, endpoint);
		}
	}
	for (int i = 0; publisher && i < members - 1; i++)
		check(zmq_recv(pub, line, sizeof line, 0) > 0, "zmq_recv");
	puts("ready");
	fflush(stdout);
	if (fgets(line, sizeof line, stdin) == NULL)
		return 1;
	pthread_t sender;
	if (publisher)
		pthread_create(&sender, NULL, publish, pub);
	if (subscriber)
		subscribe(sub);
	if (publisher)
		pthread_join(sender, NULL);
	report();
	while (fgets(line, sizeof line, stdin) != NULL)
		;
	if (pub != NULL)
		zmq_close(pub); /* lingers until everything is sent */
	if (sub != NULL)
		zmq_close(sub);
	zmq_ctx_term(context);
	return 0;
}
