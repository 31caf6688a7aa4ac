// Package backlog holds what waits for readers that may be slow, or may have stopped: an application, a terminal,
// clients over HTTP. To put something in never waits. A backlog is bounded in bytes, as memory is. What does not fit is
// dropped, and somebody is told.
//
//   - Queue is for one reader. Put reports whether there was room, and the reader is told nothing.
//   - Feed is for many readers of the same things, each of which is held once. Each reader is told how many it lost.
//   - Handler is for a log (log/slog). The first line that gets through afterwards says how many were lost.
package backlog
