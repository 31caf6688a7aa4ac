/* Prints what a node of a locked mesh publishes: subscriber HOST mesh.key_secret
 *
 * cc -o subscriber subscriber.c -lzmq
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

static void check(int ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "%s: %s\n", what, zmq_strerror(zmq_errno()));
		exit(1);
	}
}

/* The value of a key in a certificate: name = "40 characters of Z85". */
static int find(FILE *f, const char *name, char value[41])
{
	char line[512];
	rewind(f);
	while (fgets(line, sizeof line, f)) {
		char *at = strstr(line, name), *quote = at ? strchr(at, '"') : NULL;
		if (quote && strlen(quote) > 41) {
			memcpy(value, quote + 1, 40);
			value[40] = 0;
			return 1;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	char public[41], secret[41], endpoint[300];
	zmq_msg_t frame;
	FILE *f = argc == 3 ? fopen(argv[2], "r") : NULL;
	if (!f || !find(f, "public-key", public) || !find(f, "secret-key", secret)) {
		fprintf(stderr, "usage: subscriber HOST FILE, a certificate with a secret key\n");
		return 2;
	}
	fclose(f);
	snprintf(endpoint, sizeof endpoint, "tcp://%s:30000", argv[1]);

	void *sub = zmq_socket(zmq_ctx_new(), ZMQ_SUB);
	check(sub != NULL, "zmq_socket");
	/* The three options that make it a member of a mesh with a mesh key. */
	check(zmq_setsockopt(sub, ZMQ_CURVE_SERVERKEY, public, 41) == 0, "ZMQ_CURVE_SERVERKEY");
	check(zmq_setsockopt(sub, ZMQ_CURVE_PUBLICKEY, public, 41) == 0, "ZMQ_CURVE_PUBLICKEY");
	check(zmq_setsockopt(sub, ZMQ_CURVE_SECRETKEY, secret, 41) == 0, "ZMQ_CURVE_SECRETKEY");
	check(zmq_setsockopt(sub, ZMQ_SUBSCRIBE, "1", 1) == 0, "ZMQ_SUBSCRIBE");
	check(zmq_connect(sub, endpoint) == 0, endpoint);
	zmq_msg_init(&frame);
	for (int number = 0;; number = zmq_msg_more(&frame) ? number + 1 : 0) {
		check(zmq_msg_recv(&frame, sub, 0) >= 0, "zmq_msg_recv");
		if (number == 1) { /* topic, body, envelope */
			fwrite(zmq_msg_data(&frame), 1, zmq_msg_size(&frame), stdout);
			putchar('\n');
			fflush(stdout);
		}
	}
}
