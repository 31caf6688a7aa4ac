package relay

// fifo is a row in pages. It grows by a page, and nothing that stands in it is moved for that but where it is small: of a
// million messages, a copy takes longer than a message may. Places are at most some 2.3 times what it has and one more.
type fifo[T any] struct {
	pages [][]T // each of pageMost, but for one that is alone
	spare []T   // a page that is empty
	head  int   // places of the first page that are before the first
	count int
}

const (
	pageMost  = 512 // places of a page
	spareFrom = 6   // pages from which on one that is left is kept for what comes next
)

func (f *fifo[T]) len() int { return f.count }

func (f *fifo[T]) at(i int) *T {
	i += f.head
	return &f.pages[i/pageMost][i%pageMost]
}

// places is how many there are.
func (f *fifo[T]) places() int {
	if len(f.pages) == 1 {
		return len(f.pages[0])
	}
	return len(f.pages) * pageMost
}

func (f *fifo[T]) push(v T) {
	switch n := f.places(); {
	case f.head+f.count < n:
	case f.head > 0 && 8*f.head >= n: // there is room before them, and they are not many
		f.slide()
	case n < pageMost:
		f.resize(min(n+n/2+1, pageMost))
	default:
		f.pages = append(f.pages, f.page())
	}
	f.count++
	*f.at(f.count - 1) = v
}

// slide moves all to the beginning.
func (f *fifo[T]) slide() {
	var none T
	from := *f
	f.head = 0
	for i := range f.count {
		v := from.at(i)
		*f.at(i), *v = *v, none
	}
}

// page is an empty one.
func (f *fifo[T]) page() []T {
	if page := f.spare; page != nil {
		f.spare = nil
		return page
	}
	return make([]T, pageMost)
}

func (f *fifo[T]) pop() T {
	var none T
	first := f.at(0)
	v := *first
	*first = none
	f.count--
	if f.head++; f.head == pageMost {
		f.spare, f.pages[0] = f.pages[0], nil
		f.pages, f.head = f.pages[1:], 0
		if len(f.pages) < spareFrom {
			f.spare = nil
		}
	}
	if n := f.places(); 2*f.count < n-n/8-1 {
		n = f.count + f.count/3 + 1
		if f.count < pageMost {
			n = min(n, pageMost)
		}
		f.resize(n)
	}
	return v
}

// resize gives it so many places, or what is missing to a page more. It is for rows that are small, or nearly empty.
func (f *fifo[T]) resize(places int) {
	to := fifo[T]{pages: [][]T{make([]T, min(places, pageMost))}, count: f.count}
	for to.places() < places {
		to.pages = append(to.pages, make([]T, pageMost))
	}
	for i := range f.count {
		*to.at(i) = *f.at(i)
	}
	*f = to
}
