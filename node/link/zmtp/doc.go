// Package zmtp is the codec of ZMTP 3.0 (rfc.zeromq.org/spec/23): greetings, handshakes, frames, and the limits that
// frames are held to. It knows no socket, no clock and no goroutine; of the machine it knows random numbers. It is given
// the bytes that came, and it returns the bytes to send.
//
//	h := zmtp.NewHandshake(zmtp.Null, zmtp.Params{Side: zmtp.Client, SocketType: "SUB"}, "PUB", "XPUB")
//	send(h.Opening())
//	for !done { step, err := h.Advance(unread); ... }
//
// A connection goes through three steps:
//
//   - Greeting: 64 bytes each way. They name the version and the mechanism.
//   - Handshake: the commands of the mechanism. Handshake drives it until the mechanism is content and the other
//     side's socket type is known.
//   - Traffic: frames. What comes over the wire goes through Session.Unseal and is then measured by Limits.Item before
//     anything reads it. What is sent goes through Session.Seal. Between the two, everything is plain ZMTP.
//
// A Mechanism is what two sides agree on in their greetings. Null neither authenticates nor encrypts: its Seal and
// Unseal return what they are given, without a copy. Curve (RFC 26) does both, as libzmq does: each side holds a key
// pair that lasts and one for the connection alone, a frame goes over the wire in a box, and boxes are numbered, so that
// none is believed twice. It is stricter than libzmq in three things: a server opens the vouch and checks for whom it
// is, a client's key has to be one that Curve.Admit knows, and a key of low order is nobody's.
//
// It is laxer than the RFC in one: a short-lived key is that of a second, not of a connection. No two keys meet twice.
//
// Secret keys are never printed: a Secret formats as "(secret)". What only a handshake needs of them is overwritten when
// it has come to its end. What one that broke off before had, a session's own key, and copies that the garbage collector
// or the stack made, are not.
package zmtp
