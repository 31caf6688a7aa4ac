// Package topics is the wire of a mesh: topic names, peer lists, the beat header, the message envelope.
package topics
