package files

// Shares is how a process divides its file descriptors: the mesh's connections and those of HTTP never take each other's.
type Shares struct {
	HTTP int // connections, beside OwnHTTP
	Port int // connections of each of the mesh's two ports: of those who listen, and as many again to others
}

const (
	// Kept are for what is neither mesh nor HTTP: standard streams, listeners, state, a resolver.
	Kept = 16

	// OwnHTTP are for clients on a loopback address, as a container's health check is, when all others are taken.
	OwnHTTP = 8

	leastHTTP = 4
)

// Divide gives HTTP a quarter, less what is kept, and the mesh's ports all else in equal parts. It gives away no more than
// there is from 36 on.
func Divide(limit int) Shares {
	http := max(leastHTTP, limit/4-Kept)
	return Shares{HTTP: http, Port: max(1, (limit-Kept-OwnHTTP-http)/4)}
}
