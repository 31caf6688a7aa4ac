package topics_test

import (
	"errors"
	"fmt"

	"hearsay/topics"
)

// Two spellings are one name when their keys are equal.
func ExampleName_Key() {
	for _, s := range []string{"Node_1", "node_1:20000", "[2001:DB8::0:1]:21000"} {
		name, err := topics.ParseName(s)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(name.Key(), name.DiscoveryAddr(), name.MessageAddr())
	}
	// Output:
	// node_1 Node_1:20000 Node_1:30000
	// node_1 node_1:20000 node_1:30000
	// [2001:db8::1]:21000 [2001:DB8::0:1]:21000 [2001:DB8::0:1]:31000
}

// Every error is a Rule, or wraps one, by which it can be counted.
func ExampleRule() {
	for _, s := range []string{"node 1", "", "10.0.0.300"} {
		_, err := topics.ParseName(s)
		var rule topics.Rule
		fmt.Println(errors.As(err, &rule), rule)
	}
	// Output:
	// true a host has only letters, digits, '-', '_' and '.'
	// true a name is not empty
	// true a host that ends in a number is an IPv4 address in plain dotted decimal
}

// A list begins with its sender. Entries that are no names are skipped and counted.
func ExampleParseList() {
	names, bad, err := topics.ParseList([]byte("node_1,node_2,,tcp://node_3,node_4"), nil)
	fmt.Println(names, bad, err)
	// Output: [node_1 node_2 node_4] 2 <nil>
}

// A beat has three frames: the topic "0", the list and the header.
func ExampleAppendHeader() {
	h := topics.Header{Version: 1, Incarnation: 1763596800000, Seq: 1, Beat: 1000, List: 1, Strict: true, Complete: true}
	fmt.Printf("%s\n", topics.AppendList(nil, []topics.Name{"node_1", "node_2"}))
	fmt.Printf("%s\n", topics.AppendHeader(nil, h))

	_, err := topics.ParseHeader([]byte(`{"v": 1, "beat": 5}`))
	fmt.Println(err)
	// Output:
	// node_1,node_2
	// {"v":1,"inc":1763596800000,"seq":1,"beat":1000,"list":1,"strict":true,"complete":true}
	// header "{\"v\": 1, \"beat\": 5}": beat is 10 to 3600000 ms
}

// The topic of a message says to whom it goes.
func ExampleChannelTopic() {
	topic, err := topics.ChannelTopic("orders")
	fmt.Println(topic, err)
	_, err = topics.ChannelTopic("a,b")
	fmt.Println(err)
	fmt.Println(topics.KindOf([]byte(topic)), topics.KindOf([]byte("1")), topics.KindOf([]byte("10")))
	// Output:
	// 2/orders <nil>
	// channel "a,b": a channel is 1 to 128 bytes of printable ASCII without space and comma
	// channel message unknown
}

// A node that relays a message sends its envelope on with a ttl smaller by one.
func ExampleParseEnvelope() {
	e, err := topics.ParseEnvelope([]byte(`{"v":1,"from":"node_1","uid":"mi3k-1","ttl":2,"at":1763596800000,"new":[]}`))
	fmt.Println(e.Origin, e.UID, e.TTL, err)
	e.TTL--
	fmt.Printf("%s\n", topics.AppendEnvelope(nil, e))
	// Output:
	// node_1 mi3k-1 2 <nil>
	// {"v":1,"from":"node_1","uid":"mi3k-1","ttl":1,"at":1763596800000}
}
