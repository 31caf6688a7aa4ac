"""What a node says of itself over HTTP."""
import http.client
import json
import socket

PORT = 8080


def ask(host, path, body=None, timeout=5):
    """The JSON that a node answers with, or None if it does not."""
    connection = http.client.HTTPConnection(host, PORT, timeout=timeout)
    try:
        connection.request("GET" if body is None else "POST", path, body)
        answer = connection.getresponse()
        text = answer.read()
        return json.loads(text) if answer.status == 200 else None
    except (OSError, socket.timeout, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


def states(host):
    """The state of each peer that a node knows of, by name."""
    answer = ask(host, "/v1/members")
    return {m["name"]: m["state"] for m in answer["members"]} if answer else {}


def member(host, name):
    """What a node knows of one peer."""
    answer = ask(host, "/v1/members") or {"members": []}
    return next((m for m in answer["members"] if m["name"] == name), None)


def publish(host, body):
    return ask(host, "/v1/messages", body.encode()) is not None
