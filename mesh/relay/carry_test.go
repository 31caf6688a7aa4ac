package relay

import (
	"testing"
	"time"

	"hearsay/topics"
)

// carrier is a rig that receives these topics, and carries all others from now on.
func carrier(t *testing.T, received ...string) *rig {
	r := newRigOf(t, Config{Topics: func() []string { return received }}, "o")
	r.j.Born(r.now, "o", 7)
	r.pass(r.j.lately()).j.Carry(r.now)
	return r
}

// What was said on a topic before it was carried is not asked for, be it received or not, and a topic that is received anyway
// begins as ever.
func TestACarriedTopicBeginsWithWhatComes(t *testing.T) {
	carrier(t).hear("o", 5).got("o5").pass(short).said()
	r := carrier(t, topics.Message)
	r.hear("o", 5).got("").pass(short).said("o: 5/o/7/1-4/1")

	r = carrier(t)
	r.hear("o", 5).got("o5").j.Unsubscribed(r.now, topics.Message) // as it was received until now
	r.hear("o", 6).got("o6").pass(short).said()

	r = newRigOf(t, Config{Topics: func() []string { return nil }}, "o") // but what was said a moment before
	r.pass(time.Minute).j.Born(r.now, "o", 7)
	r.pass(time.Second).j.Carry(r.now)
	r.out = r.j.Tell(r.now, "o", 7, "2:1", r.out)
	r.pass(tailGrace + short).said("o: 5/o/7/1-2/1")

	r = newRigOf(t, Config{Topics: func() []string { return nil }}, "o") // nor of one that has started since it carries
	r.pass(time.Second).j.Carry(r.now)
	r.pass(time.Second).j.Born(r.now, "o", 7)
	r.pass(time.Second).hear("o", 1, 2).got("o1 o2").j.Unsubscribed(r.now, topics.Message)
	r.hear("o", 6).got("o6").pass(short).said()
}

// What nobody has of a topic that is carried is no loss of this node, which counts its own.
func TestWhatIsMissedOfACarriedTopicIsNotCounted(t *testing.T) {
	for missed, received := range [][]string{{}, {topics.Message}} {
		r := carrier(t, received...)
		r.hear("o", 1, 3).pass(30 * time.Second)
		r.count("missed", r.j.Stats().Missed, uint64(missed))
	}
}

// Who carries no more forgets what is not received, and nothing else.
func TestCarriedNoMore(t *testing.T) {
	for following, received := range [][]string{{}, {topics.Message}} {
		r := carrier(t, received...)
		r.hear("o", 1).j.CarryNoMore(r.now)
		r.count("streams", uint64(len(r.j.streams)), uint64(following))
	}
}

// The nodes' own topic is wanted from the start, however late all are carried, and is no loss to anybody.
func TestTheNodesOwnTopic(t *testing.T) {
	r := newRigOf(t, Config{Topics: func() []string { return nil }, Own: topics.Message}, "o")
	r.j.Born(r.now, "o", 7)
	r.pass(time.Second).j.Carry(r.now)
	r.hear("o", 2).got("").pass(short).said("o: 5/o/7/1-1/1").pass(30 * time.Second).got("+1 o2")
	r.count("missed", r.j.Stats().Missed, 0)
	r.j.CarryNoMore(r.now)
	r.count("streams", uint64(len(r.j.streams)), 1)
}

// So it does of a stream that has given its place to another one: who receives the topic later gets what is said then.
func TestCarriedAndForgottenNoMore(t *testing.T) {
	r := newRigOf(t, Config{Streams: shareMost, Topics: func() []string { return nil }}, "o")
	r.pass(time.Second).j.Carry(r.now)
	hear := func(topic string, number uint64) int {
		_, out := r.j.Message(r.now, Stream{"o", 7, topic}, number, "", topic, 1, nil)
		return len(out)
	}
	hear("2/x", 1)
	hear("2/y", 1)
	r.count("evicted", r.j.Stats().Evicted, 1)
	r.j.CarryNoMore(r.now)
	r.count("places that are known", uint64(len(r.j.pasts)), 0)
	r.pass(time.Second).j.Subscribed(r.now, "2/x")
	r.count("delivered", uint64(hear("2/x", 5)), 1)
}

// Who receives a topic that it has carried is told of what is missed from then on, and of nothing before.
func TestWhoReceivesACarriedTopicIsToldOfItsOwnLosses(t *testing.T) {
	var received []string
	r := newRigOf(t, Config{Topics: func() []string { return received }}, "o")
	r.pass(time.Second).j.Carry(r.now)
	r.hear("o", 1).got("o1")
	r.out = r.j.Tell(r.now, "o", 7, "5:"+topics.Message, r.out)
	r.pass(2 * delayMost).gave("o 2-5")
	received = []string{topics.Message}
	r.j.Subscribed(r.now, topics.Message)
	r.hear("o", 6).got("o6").hear("o", 8).pass(time.Minute).got("+1 o8")
}
