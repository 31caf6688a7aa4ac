// Package mesh decides who is a member of a gossip mesh. It is a pure machine: Step takes what happened and when,
// and returns what to do.
package mesh
