/* What the measured programs over libzmq share: sockets without a high-water mark, and their key.
 *
 * With BENCH_KEY="PUBLIC SECRET" in the environment, both in Z85, all have that pair, and sockets are CURVE.
 */
#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

static void check(int ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "%s: %s\n", what, zmq_strerror(zmq_errno()));
		exit(1);
	}
}

static void *open_socket(void *context, int type)
{
	int zero = 0;
	void *s = zmq_socket(context, type);
	check(s != NULL, "zmq_socket");
	check(zmq_setsockopt(s, ZMQ_SNDHWM, &zero, sizeof zero) == 0, "ZMQ_SNDHWM");
	check(zmq_setsockopt(s, ZMQ_RCVHWM, &zero, sizeof zero) == 0, "ZMQ_RCVHWM");
	return s;
}

/* CURVE with the key of the environment, if there is one. */
static void lock(void *s, int server)
{
	char public[41], secret[41];
	const char *text = getenv("BENCH_KEY");
	if (!text)
		return;
	check(sscanf(text, "%40s %40s", public, secret) == 2, "BENCH_KEY");
	check(zmq_setsockopt(s, ZMQ_CURVE_PUBLICKEY, public, 41) == 0, "ZMQ_CURVE_PUBLICKEY");
	check(zmq_setsockopt(s, ZMQ_CURVE_SECRETKEY, secret, 41) == 0, "ZMQ_CURVE_SECRETKEY");
	if (server)
		check(zmq_setsockopt(s, ZMQ_CURVE_SERVER, &server, sizeof server) == 0, "ZMQ_CURVE_SERVER");
	else
		check(zmq_setsockopt(s, ZMQ_CURVE_SERVERKEY, public, 41) == 0, "ZMQ_CURVE_SERVERKEY");
}
