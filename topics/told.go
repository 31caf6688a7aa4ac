package topics

import "bytes"

// Record is whom a node hears that the teller of the record does not: by way of whom, the first of whom the teller hears,
// and each the next one. The last of the way is who hears them. In what is something else in a telling, a record without a
// way has those that are told no more.
type Record struct {
	Way   []Name
	Hears []Name
}

// AppendRecords appends records to dst, as far as they fit: MaxTold bytes and MaxNames names in all. It returns how many
// names did not.
func AppendRecords(dst []byte, records []Record) (_ []byte, left int) {
	begin, names := len(dst), 0
	for _, r := range records {
		from, fit := len(dst), 0
		if from > begin {
			dst = append(dst, ';')
		}
		for i, name := range r.Way {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, name...)
		}
		for i, name := range r.Hears {
			if names == MaxNames || len(dst)-begin+1+len(name) > MaxTold {
				left += len(r.Hears) - i
				break
			}
			dst = append(dst, separator(i))
			dst = append(dst, name...)
			fit, names = fit+1, names+1
		}
		if fit == 0 {
			dst = dst[:from] // its way alone says nothing
		}
	}
	return dst, left
}

func separator(i int) byte {
	if i == 0 {
		return '/'
	}
	return ','
}

// ParseRecords reads what AppendRecords writes. The records and whom they say is heard stand until the next call; a way stands
// for ever. Bad counts what is left out: names that are none, all beyond the first
// MaxNames, and whole records, as one, whose way is none or longer than MaxWay. What is over MaxTold is refused as a whole:
// the error is RuleTold. Time is linear in len(b).
func (in *Interner) ParseRecords(b []byte) (records []Record, bad int, err error) {
	return in.parseRecords(b, false)
}

// ParseChanges does that for the records of what is something else in a telling.
func (in *Interner) ParseChanges(b []byte) (records []Record, bad int, err error) {
	return in.parseRecords(b, true)
}

func (in *Interner) parseRecords(b []byte, gone bool) (records []Record, bad int, err error) {
	if len(b) > MaxTold {
		return nil, 0, broken("records", b, RuleTold)
	}
	in.begin()
	records, heard := in.records[:0], in.heard[:0]
	for more := len(b) > 0; more; {
		var text []byte
		text, b, more = bytes.Cut(b, []byte{';'})
		way, hears, found := bytes.Cut(text, []byte{'/'})
		r, ok := in.way(way)
		if !found || !ok && !(gone && len(way) == 0) {
			bad++
			continue
		}
		first := len(heard)
		for some := true; some; {
			var entry []byte
			if entry, hears, some = bytes.Cut(hears, comma); len(heard) == MaxNames {
				bad++
				continue
			}
			name, rule := in.intern(entry)
			if rule != RuleNone {
				bad++
				continue
			}
			heard = append(heard, name.name)
		}
		if r.Hears = heard[first:len(heard):len(heard)]; len(r.Hears) > 0 {
			records = append(records, r)
		}
	}
	in.records, in.heard = records, heard
	return records, bad, nil
}

// way reads the way of a record.
func (in *Interner) way(b []byte) (r Record, ok bool) {
	if len(b) > 0 { // else nobody is told of any more
		r.Way = make([]Name, 0, min(bytes.Count(b, comma)+1, MaxWay))
	}
	for more := true; more; {
		var entry []byte
		entry, b, more = bytes.Cut(b, comma)
		name, rule := in.intern(entry)
		if rule != RuleNone || len(r.Way) == MaxWay {
			return r, false
		}
		r.Way = append(r.Way, name.name)
	}
	return r, true
}
