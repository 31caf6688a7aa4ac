package zmtp

// Side says which end of a connection this is. Some mechanisms give each a part of its own.
type Side uint8

const (
	Client Side = iota // it dialled
	Server             // it was dialled
)

// Params is what a session is told of its connection.
type Params struct {
	Side       Side
	SocketType string // of this side, told to the other in its handshake
	MaxMessage int    // bytes of the largest plain message that may come
}

// Mechanism is what two sides agree on in their greetings. One value serves all connections, at the same time.
type Mechanism interface {
	// Name stands in the greeting: 1 to 20 bytes of printable ASCII.
	Name() string

	// Open begins the handshake of one connection.
	Open(Params) Session
}

// Session is a mechanism's state for one connection. First and Take belong to the handshake, Unseal to the one reader
// that follows it, and Seal to the one writer. Reader and writer may run at the same time.
type Session interface {
	// First appends what this side says after its greeting, before anything has come.
	First(dst []byte) []byte

	// Take takes in one command of the other side's handshake: its body, name and all. It appends the answer to
	// dst and reports whether the handshake is done. An error ends the connection.
	Take(dst, command []byte) (answer []byte, done bool, err error)

	// Awaits names the command that has to come next, for errors.
	Awaits() string

	// Peer is the socket type that the other side has told, once the handshake is done.
	Peer() string

	// Seal returns whole frames as they go over the wire: themselves, where nothing has to be done, else bytes of
	// its own, which stand behind those of room where that has the capacity. The frames are not written to. What is
	// sealed is sent in the order of the calls.
	Seal(room, frames []byte) []byte

	// Unseal makes plain frames of what came over the wire, in place: plain and rest share the memory of b, plain
	// before rest. rest is the beginning of something that can not be read yet, and need the number of its bytes
	// that must be there to say more. An error ends the connection, once plain has been read, which is good even
	// then; a *Violation is counted by its kind.
	Unseal(b []byte) (plain, rest []byte, need int, err error)
}
