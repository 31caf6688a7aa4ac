package files

import "testing"

func TestSharesAreNoMoreThanThereIs(t *testing.T) {
	for limit := 36; limit < 5000; limit++ {
		s := Divide(limit)
		if all := s.HTTP + OwnHTTP + Kept + 4*s.Port; all > limit || all < limit-3 || s.HTTP < leastHTTP {
			t.Fatalf("of %d: %+v, %d in all", limit, s, all)
		}
	}
	for limit, want := range map[int]Shares{0: {4, 1}, 64: {4, 9}, 256: {48, 46}, 1024: {240, 190}, 20_000: {4984, 3748}} {
		if got := Divide(limit); got != want {
			t.Errorf("of %d: %+v, want %+v", limit, got, want)
		}
	}
}
