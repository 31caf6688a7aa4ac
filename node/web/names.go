package web

import (
	"github.com/prometheus/client_golang/prometheus"

	"hearsay/node/dns"
)

var (
	dnsNamesDesc     = prometheus.NewDesc("hearsay_dns_names", "Names that DNS answers with a healthy member.", nil, nil)
	dnsAnswersDesc   = prometheus.NewDesc("hearsay_dns_answers_total", "Answers over DNS, by how they ended.", []string{"answer"}, nil)
	dnsTruncatedDesc = prometheus.NewDesc("hearsay_dns_truncated_total", "Answers that were cut, as they did not fit over UDP.", nil, nil)
	dnsDroppedDesc   = prometheus.NewDesc("hearsay_dns_queries_dropped_total", "Queries dropped, as their address asks too often.", nil, nil)
	dnsRefusedDesc   = prometheus.NewDesc("hearsay_dns_connections_refused_total", "Connections over TCP closed because too many were open.", nil, nil)
)

// namesCollector reads what answers DNS, where there is that.
type namesCollector struct{ server *dns.Server }

func (c *namesCollector) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{dnsNamesDesc, dnsAnswersDesc, dnsTruncatedDesc, dnsDroppedDesc, dnsRefusedDesc} {
		descs <- d
	}
}

func (c *namesCollector) Collect(out chan<- prometheus.Metric) {
	if c.server == nil {
		return
	}
	stats := c.server.Stats()
	out <- gauge(dnsNamesDesc, float64(stats.Names))
	for how, times := range stats.Answers {
		out <- counter(dnsAnswersDesc, times, how)
	}
	out <- counter(dnsTruncatedDesc, stats.Truncated)
	out <- counter(dnsDroppedDesc, stats.Dropped)
	out <- counter(dnsRefusedDesc, stats.Refused)
}
