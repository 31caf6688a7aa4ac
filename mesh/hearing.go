package mesh

// ought is how many peers this node ought to hear.
func (m *Machine) ought() int {
	n := m.count[Alive] + m.count[Detached]
	if m.count[Suspect] == 0 {
		return n
	}
	for p := range m.near() {
		if p.state == Suspect && expected(m.deaf(), m.missed(p), p.detector.refusal) {
			n++
		}
	}
	return n
}

// deaf reports whether this node hears nobody.
func (m *Machine) deaf() bool { return m.count[Alive] == 0 }
