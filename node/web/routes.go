package web

import (
	"net/http"
	"net/http/pprof"
	"time"
)

// routes is every path that there is.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	for path, m := range map[string]methods{
		"/":                         {http.MethodGet: s.page},
		"/healthz":                  {http.MethodGet: s.healthz},
		"/readyz":                   {http.MethodGet: s.readyz},
		"/metrics":                  {http.MethodGet: s.metrics.serve(s)},
		"/v1/status":                {http.MethodGet: s.status},
		"/v1/members":               {http.MethodGet: s.members},
		"/v1/members/{name}/forget": {http.MethodPost: s.mayWrite(s.forget)},
		"/v1/links":                 {http.MethodGet: s.links},
		"/v1/events":                {http.MethodGet: s.events},
		"/v1/messages":              {http.MethodGet: s.messages, http.MethodPost: s.mayWrite(s.publish)},
		"/v1/tags":                  {http.MethodPost: s.mayWrite(s.tags)},
		"/v1/requests":              {http.MethodPost: s.mayWrite(s.request)},
		"/v1/answers":               {http.MethodPost: s.mayWrite(s.answers)},
		"/v1/answers/{id}":          {http.MethodPost: s.mayWrite(s.answerOne)},
		"/v1/leave":                 {http.MethodPost: s.mayWrite(s.leave)},
	} {
		mux.Handle(path, m)
	}
	if s.options.Profile {
		for path, h := range map[string]http.HandlerFunc{
			"/debug/pprof/":        pprof.Index,
			"/debug/pprof/cmdline": pprof.Cmdline,
			"/debug/pprof/profile": pprof.Profile,
			"/debug/pprof/symbol":  pprof.Symbol,
			"/debug/pprof/trace":   pprof.Trace,
		} {
			mux.Handle(path, s.profile(h))
		}
	}
	return s.guard(mux)
}

// profileTimeout is for a profile, which takes as long as was asked for.
const profileTimeout = 5 * time.Minute

// profile is a profile that ends with the token that it was asked for with.
func (s *Server) profile(h http.HandlerFunc) http.Handler {
	return methods{http.MethodGet: func(w http.ResponseWriter, r *http.Request) error {
		c := http.NewResponseController(w)
		_ = c.SetReadDeadline(time.Time{})
		_ = c.SetWriteDeadline(time.Now().Add(profileTimeout))
		lasting, done := s.untilWithdrawn(w, r)
		defer done()
		h(w, lasting)
		return nil
	}}
}
