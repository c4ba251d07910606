package scene

import "time"

// Queue holds what will happen, earliest first; among equals the first put in comes first.
type Queue[T any] struct {
	heap []entry[T]
	n    uint64
}

type entry[T any] struct {
	at   int64
	n    uint64
	what T
}

func (q *Queue[T]) less(i, j int) bool {
	a, b := &q.heap[i], &q.heap[j]
	return a.at < b.at || a.at == b.at && a.n < b.n
}

// Len is how many things wait.
func (q *Queue[T]) Len() int { return len(q.heap) }

// Put adds something that happens at that time.
func (q *Queue[T]) Put(at time.Time, what T) {
	q.n++
	q.heap = append(q.heap, entry[T]{at.UnixNano(), q.n, what})
	for i := len(q.heap) - 1; i > 0; {
		up := (i - 1) / 2
		if !q.less(i, up) {
			return
		}
		q.heap[i], q.heap[up] = q.heap[up], q.heap[i]
		i = up
	}
}

// Next is the time of the earliest thing; ok is false where nothing waits.
func (q *Queue[T]) Next() (at time.Time, ok bool) {
	if len(q.heap) == 0 {
		return time.Time{}, false
	}
	return time.Unix(0, q.heap[0].at), true
}

// Take removes the earliest thing. The queue must not be empty.
func (q *Queue[T]) Take() T {
	first := q.heap[0].what
	last := len(q.heap) - 1
	q.heap[0], q.heap[last] = q.heap[last], entry[T]{}
	q.heap = q.heap[:last]
	for i := 0; ; {
		least := i
		for _, down := range [2]int{2*i + 1, 2*i + 2} {
			if down < last && q.less(down, least) {
				least = down
			}
		}
		if least == i {
			return first
		}
		q.heap[i], q.heap[least] = q.heap[least], q.heap[i]
		i = least
	}
}
