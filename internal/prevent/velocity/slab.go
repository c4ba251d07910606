package velocity

import (
	"math/bits"
	"unsafe"
)

// chunkBytes is about how much memory a slab takes at a time.
const chunkBytes = 32 << 10

// list is a handle on a run of elements in a [slab]. The zero list is empty and holds no block.
type list struct {
	ref   uint32
	n     uint16
	class uint8 // which size of block; 0: none
}

// slab holds lists of T in blocks of 1, 2, 3, 4, 6, 8, 12, 16, … elements, cut from large chunks. T holds no pointers, so
// the garbage collector looks at none of it; a released block is used again for the next list of its size.
type slab[T any] struct {
	sizes []blocks[T] // by class; the first is not used
}

// blocks are all the blocks of one size. Block 0 is not used, so that a reference of 0 can mean none.
type blocks[T any] struct {
	size   int
	shift  uint8 // log2 of the blocks in a chunk
	chunks [][]T
	next   uint32
	free   []uint32
}

// newSlab makes a slab for lists of at most longest elements.
func newSlab[T any](longest int) slab[T] {
	s := slab[T]{sizes: make([]blocks[T], 1, 20)}
	var zero T
	for size, step := 1, 1; ; {
		perChunk := max(1, chunkBytes/(size*int(unsafe.Sizeof(zero))))
		s.sizes = append(s.sizes, blocks[T]{size: size, shift: uint8(bits.Len(uint(perChunk)) - 1), next: 1})
		if size >= longest {
			return s
		}
		if size&(size-1) == 0 && size > 2 {
			step = size / 2
		}
		size += step
	}
}

// width is the size of a T in bytes.
func (s *slab[T]) width() int {
	var zero T
	return int(unsafe.Sizeof(zero))
}

// room is how many elements l can hold before it needs a larger block.
func (s *slab[T]) room(l list) int { return s.sizes[l.class].size }

func (b *blocks[T]) take() uint32 {
	if n := len(b.free); n > 0 {
		ref := b.free[n-1]
		b.free = b.free[:n-1]
		return ref
	}
	ref := b.next
	b.next++
	if int(ref>>b.shift) == len(b.chunks) {
		b.chunks = append(b.chunks, make([]T, b.size<<b.shift))
	}
	return ref
}

func (b *blocks[T]) block(ref uint32) []T {
	i := int(ref&(1<<b.shift-1)) * b.size
	return b.chunks[ref>>b.shift][i : i+b.size : i+b.size]
}

// of returns the elements of l. The slice is good until the next change of l.
func (s *slab[T]) of(l list) []T {
	if l.class == 0 {
		return nil
	}
	return s.sizes[l.class].block(l.ref)[:l.n]
}

// move puts the elements of l into a block of the given class and returns by how many elements its room changed.
func (s *slab[T]) move(l *list, class uint8) int {
	before := s.room(*l)
	to := list{n: l.n, class: class}
	if class != 0 {
		to.ref = s.sizes[class].take()
		copy(s.sizes[class].block(to.ref), s.of(*l))
	}
	if l.class != 0 {
		s.sizes[l.class].free = append(s.sizes[l.class].free, l.ref)
	}
	*l = to
	return s.room(to) - before
}

// insert puts v before element i and returns by how many elements the room of l grew. A list of the longest size must
// not be full.
func (s *slab[T]) insert(l *list, i int, v T) (grown int) {
	if int(l.n) == s.room(*l) {
		grown = s.move(l, l.class+1)
	}
	l.n++
	e := s.of(*l)
	copy(e[i+1:], e[i:])
	e[i] = v
	return grown
}

// cut deletes the elements [i, j) and returns by how many elements the room of l changed. A list left three quarters
// empty moves to a smaller block, an empty one gives its block back.
func (s *slab[T]) cut(l *list, i, j int) (grown int) {
	e := s.of(*l)
	copy(e[i:], e[j:])
	l.n -= uint16(j - i)
	if l.n == 0 {
		return s.move(l, 0)
	}
	if class := l.class; int(l.n) <= s.room(*l)/4 {
		for s.sizes[class-1].size >= 2*int(l.n) {
			class--
		}
		if class != l.class {
			return s.move(l, class)
		}
	}
	return 0
}

// add returns the reference of a fresh, zeroed element, for slabs of single elements.
func (s *slab[T]) add() uint32 {
	ref := s.sizes[1].take()
	var zero T
	*s.at(ref) = zero
	return ref
}

// at returns the single element ref. The pointer stays good until the element is released.
func (s *slab[T]) at(ref uint32) *T {
	b := &s.sizes[1]
	return &b.chunks[ref>>b.shift][ref&(1<<b.shift-1)]
}

// release gives back the single element ref.
func (s *slab[T]) release(ref uint32) { s.sizes[1].free = append(s.sizes[1].free, ref) }

// end is beyond every reference of a single element.
func (s *slab[T]) end() uint32 { return s.sizes[1].next }
