package main

import (
	"flag"
	"strconv"

	"github.com/urfave/cli/v2"
	"github.com/urfave/cli/v2/altsrc"
)

// Package flag reads 020 as 16 and 0x50 as 80, and YAML does, too. Whoever writes a port or a number means its digits: so numbers
// are decimal everywhere, and what is not is an error.

// The flags that take a number.
type (
	decimalIntFlag       struct{ *cli.IntFlag }
	decimalSourceIntFlag struct{ *altsrc.IntFlag } // may be set in the file of --config, too
	decimalUint64Flag    struct{ *cli.Uint64Flag }
)

// decimals makes flags that take a number take decimal ones.
func decimals(flags []cli.Flag) []cli.Flag {
	out := make([]cli.Flag, len(flags))
	for i, f := range flags {
		switch f := f.(type) {
		case *cli.IntFlag:
			f.Base = 10 // of a variable
			out[i] = decimalIntFlag{f}
		case *altsrc.IntFlag:
			f.Base = 10
			out[i] = decimalSourceIntFlag{f}
		case *cli.Uint64Flag:
			f.Base = 10
			out[i] = decimalUint64Flag{f}
		default:
			out[i] = f
		}
	}
	return out
}

func (f decimalIntFlag) Apply(set *flag.FlagSet) error { return applyDecimal(f.IntFlag, set) }

func (f decimalSourceIntFlag) Apply(set *flag.FlagSet) error { return applyDecimal(f.IntFlag, set) }

func (f decimalUint64Flag) Apply(set *flag.FlagSet) error { return applyDecimal(f.Uint64Flag, set) }

// applyDecimal has a flag take decimal numbers alone.
func applyDecimal(f cli.Flag, set *flag.FlagSet) error {
	if err := f.Apply(set); err != nil {
		return err
	}
	for _, name := range f.Names() {
		one := set.Lookup(name)
		if v, is := one.Value.(flag.Getter); is { // each of package flag is
			one.Value = decimal{v}
		}
	}
	return nil
}

// decimal is a value of package flag whose text is a decimal number.
type decimal struct{ flag.Getter }

func (d decimal) Set(text string) error {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		u, err := strconv.ParseUint(text, 10, 64) // the larger half of an Uint64Flag
		if err != nil {
			return err
		}
		return d.Getter.Set(strconv.FormatUint(u, 10))
	}
	return d.Getter.Set(strconv.FormatInt(n, 10))
}
