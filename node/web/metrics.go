package web

import (
	"context"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"hearsay/topics"
)

// metrics is what Prometheus reads: the node, through a view, the program, and this server itself.
type metrics struct {
	handler  http.Handler
	requests *prometheus.CounterVec

	refused      atomic.Uint64 // connections
	cutOff       atomic.Uint64 // streams of clients too slow
	eventStreams atomic.Int64
}

func newMetrics(s *Server) *metrics {
	m := &metrics{requests: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "hearsay_http_requests_total", Help: "Requests answered, by route and status.",
	}, []string{"route", "code"})}
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		m.requests,
		counterFunc("hearsay_http_connections_refused_total", "HTTP connections closed because too many were open.", m.refused.Load),
		counterFunc("hearsay_http_streams_cut_off_total", "Streams of events and messages ended because their client was too slow.", m.cutOff.Load),
		counterFunc("hearsay_http_messages_lost_total", "Messages not given to a reader of /v1/messages that did not keep up.", s.feed.Lost),
		counterFunc("hearsay_http_messages_expired_total", "Messages that expired while they waited for a reader of /v1/messages.", s.feed.Expired),
		gaugeFunc("hearsay_http_messages_waiting_bytes", "Bytes that wait for readers of /v1/messages, all of them together.", func() float64 { return float64(s.feed.Size()) }),
		gaugeFunc("hearsay_http_streams", "Streams of events and messages that are open.", func() float64 { return float64(s.streams.open()) }),
		gaugeFunc("hearsay_http_event_streams", "Of them, those of events.", func() float64 { return float64(m.eventStreams.Load()) }),
		&namesCollector{s.options.DNS},
		&collector{views: s.views, info: []string{string(s.node.Name()), s.options.Version, s.node.Config().Mesh}, started: s.node.Started(), self: s.node.Name(), tagged: newTagged(s.options.MetricTags)},
	)
	m.handler = promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		DisableCompression: true, // tens of kB over a local network
		ErrorHandling:      promhttp.HTTPErrorOnError,

		// Each answer is some MB in a large mesh, and is held for as long as its client takes.
		MaxRequestsInFlight: 16,
	})
	return m
}

func counterFunc(name, help string, value func() uint64) prometheus.Collector {
	return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return float64(value()) })
}

func gaugeFunc(name, help string, value func() float64) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
}

// serve answers with all of it. A loop that does not answer is an error at once, instead of metrics that lack
// the node.
func (m *metrics) serve(s *Server) handle {
	return func(w http.ResponseWriter, r *http.Request) error {
		if _, err := s.views.get(r.Context()); err != nil {
			return err
		}
		m.handler.ServeHTTP(w, r)
		return nil
	}
}

// request counts an answer. The route is a pattern, so that no client makes labels.
func (m *metrics) request(route string, status int) {
	if route == "" {
		route = "none"
	}
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
}

// collector reads the node.
type collector struct {
	views   *cache
	info    []string
	started time.Time
	self    topics.Name
	tagged  *tagged
}

func (c *collector) Describe(descs chan<- *prometheus.Desc) {
	if c.tagged.desc != nil {
		descs <- c.tagged.desc
	}
	for _, d := range described {
		descs <- d
	}
}

func (c *collector) Collect(out chan<- prometheus.Metric) {
	v, err := c.views.get(context.Background())
	if err != nil {
		out <- prometheus.NewInvalidMetric(infoDesc, err)
		return
	}
	out <- prometheus.MustNewConstMetric(infoDesc, prometheus.GaugeValue, 1, c.info...)
	out <- gauge(startDesc, float64(c.started.UnixMilli())/1000)
	v.collectCounters(out)
	v.collectGauges(out)
	v.collectPeers(out)
	v.collectTags(c.self, c.tagged, out)
}
