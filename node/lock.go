package node

import (
	"fmt"
	"slices"

	"hearsay/mesh"
	"hearsay/node/files"
	"hearsay/node/keys"
	"hearsay/node/link"
	"hearsay/topics"
)

// Keys say where the keys of a locked mesh are.
type Keys = keys.Config

// lock is what keeps strangers out. Its keeper is nil where the node is open.
type lock struct {
	keeper *keys.Keeper
	first  *keys.Ring
	byName bool // names are bound to keys
	change func(*keys.Ring, error)
}

// openLock reads the keys, if there are any.
func openLock(cfg keys.Config, self topics.Name) (l *lock, err error) {
	l = &lock{}
	if !cfg.Locked() {
		return l, nil
	}
	l.keeper, l.first, err = keys.Open(cfg, self, func(r *keys.Ring, err error) { l.change(r, err) })
	if err != nil {
		return nil, err
	}
	l.byName = l.first.ByName()
	return l, nil
}

// watchKeys follows the files with keys until the node ends.
func (n *Node) watchKeys() {
	if n.lock.keeper == nil {
		return
	}
	exposed := ""
	var others []topics.Name
	tell := func(r *keys.Ring) { // when it becomes so
		if was := others; !slices.Equal(r.Others(), was) {
			if others = r.Others(); len(others) > 0 {
				n.log.Warn("key is that of another node", "of", others, "hint", fmt.Sprintf("give --hostname %s, or another --key", others[0]))
			}
		}
		was := exposed
		if exposed = r.Exposed(); exposed != "" && was == "" {
			n.log.Warn("secret key can be read by others", "file", exposed, "hint", "chmod 600")
		}
	}
	tell(n.lock.first)
	n.lock.change = func(r *keys.Ring, err error) {
		if err != nil {
			n.log.Error("keys not changed", "why", err)
			return
		}
		if n.lock.byName { // before any that is let in again says anything
			n.inbox.put(parcel{news: &news{kind: newsKeys, members: r.Members()}})
		}
		n.link.SetKeys(r)
		n.admit(r) // who is let in again is dialled at once
		n.log.Info("keys changed")
		tell(r)
	}
	n.dials.Add(1)
	go func() {
		defer n.dials.Done()
		n.admit(n.lock.first)
		n.lock.keeper.Run(n.ctx)
	}()
}

// admit tells the machine whose keys are known, where names are bound to keys.
func (n *Node) admit(r *keys.Ring) {
	if !n.lock.byName {
		return
	}
	select {
	case n.asked <- func() { n.step(mesh.Admit{Names: r.Members()}) }:
	case <-n.ctx.Done():
	}
}

// ReloadKeys reads the files of Config.Keys now, and returns when what they say holds, or after 5 s if the disk does not
// answer. What is wrong with them is logged, and changes nothing. It is not needed after a change, which is noticed within
// two seconds.
func (n *Node) ReloadKeys() {
	if n.lock.keeper != nil {
		n.lock.keeper.Reload()
	}
}

// KeysTrouble returns what is wrong with the files of Config.Keys, and since when: no change of any of them, also no
// withdrawal of a key, holds while it lasts. It is nil if all is well, or the node is open.
func (n *Node) KeysTrouble() *files.Trouble {
	if n.lock.keeper == nil {
		return nil
	}
	return n.lock.keeper.Trouble()
}

// misnamed hangs up a link whose far end says a name that its key may not say.
func (n *Node) misnamed(id mesh.LinkID, pl *peerLink, name topics.Name) {
	n.counters.misnamed.Add(1)
	n.log.Warn("list refused", "peer", pl.target, "said", name, "why", "its key is not of that name")
	n.link.HangUp(link.ID(id))
}
