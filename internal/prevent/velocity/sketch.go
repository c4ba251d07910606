package velocity

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// A bucket counts distinct values with a sorted set of 32-bit hashes and, once there are more than maxSet, with
// HyperLogLog registers (Flajolet et al. 2007) under the estimator of O. Ertl, "New cardinality estimation algorithms for
// HyperLogLog sketches", arXiv:1702.01284, which needs no bias tables. The relative standard error is 1.04/√m = 2.3 %.
const (
	precision = 11
	m         = 1 << precision         // registers
	maxRank   = 32 - precision + 1     // of a 32-bit hash
	maxSet    = 256                    // values of a set; a full set takes half the memory of the registers
	highBits  = 0x8080808080808080     // the top bit of each byte
	alphaInf  = 0.72134752044448170368 // 1/(2 ln 2)
)

// registers are the dense form of a sketch: per register the highest rank seen.
type registers [m]uint8

// mix is the finaliser of SplitMix64: it spreads whatever hash the caller gave over all bits.
func mix(v uint64) uint64 {
	v = (v ^ v>>30) * 0xBF58476D1CE4E5B9
	v = (v ^ v>>27) * 0x94D049BB133111EB
	return v ^ v>>31
}

// short is the hash that sketches work on.
func short(distinct uint64) uint32 { return uint32(mix(distinct) >> 32) }

// register splits a hash into its register and its rank there.
func register(h uint32) (i uint32, rank uint8) {
	return h >> (32 - precision), uint8(bits.LeadingZeros32(h<<precision|1<<(precision-1))) + 1
}

// union is the union of several sketches: the registers, the histogram of their values from which the estimate is made,
// and the values themselves while there are few of them, so that small numbers are right and not only nearly so.
type union struct {
	regs  registers
	count [maxRank + 1]uint16 // registers by value
	few   fewValues
}

func (u *union) reset() {
	*u = union{}
	u.count[0] = m
}

// add puts a value into u.
func (u *union) add(h uint32) {
	if u.few.n <= maxFew {
		u.few.add(h)
	}
	i, rank := register(h)
	if old := u.regs[i]; rank > old {
		u.regs[i] = rank
		u.count[old]--
		u.count[rank]++
	}
}

// merge puts everything r has seen into u; recount must follow. Register values are below 128, which lets eight of them be
// compared at once: the top bit of each byte of d says that u's register is not smaller.
func (u *union) merge(r *registers) {
	u.few.n = maxFew + 1
	for i := 0; i < m; i += 8 {
		a, b := binary.LittleEndian.Uint64(u.regs[i:]), binary.LittleEndian.Uint64(r[i:])
		d := ((a | highBits) - b) & highBits
		keep := (d >> 7) * 0xFF
		binary.LittleEndian.PutUint64(u.regs[i:], a&keep|b&^keep)
	}
}

func (u *union) recount() {
	u.count = [maxRank + 1]uint16{}
	for _, v := range u.regs {
		u.count[v]++
	}
}

// fewValues is a set of hashes by open addressing; a free place holds 0, and 1 stands for the hash 0. It has room for
// maxFew values and as many more as are kept exactly.
type fewValues struct {
	n     int
	table [2 * maxExact]uint32
}

// maxFew is up to how many values a union counts exactly; one that has seen more has n > maxFew.
const maxFew = maxExact / 2

func (f *fewValues) add(h uint32) {
	h = max(h, 1)
	for p := h; ; p++ {
		switch at := &f.table[p%uint32(len(f.table))]; *at {
		case h:
			return
		case 0:
			*at = h
			f.n++
			return
		}
	}
}

// raised remembers a register of a union that a query raised for a moment.
type raised struct {
	i   uint32
	old uint8
}

// with is the number of distinct values of u and of a few items together. It leaves u as it was; log is scratch memory.
func (u *union) with(items []Item, log []raised) (int64, []raised) {
	if u.few.n <= maxFew {
		few := u.few
		for i := range items {
			if items[i].Distinct != 0 {
				few.add(short(items[i].Distinct))
			}
		}
		return int64(few.n), log
	}
	count := u.count
	log = log[:0]
	for i := range items {
		if items[i].Distinct == 0 {
			continue
		}
		r, rank := register(short(items[i].Distinct))
		if old := u.regs[r]; rank > old {
			log = append(log, raised{r, old})
			u.regs[r] = rank
			count[old]--
			count[rank]++
		}
	}
	for i := len(log) - 1; i >= 0; i-- {
		u.regs[log[i].i] = log[i].old
	}
	return estimate(&count), log
}

// estimate is algorithm 6 of Ertl's paper. The conversions of products to float64 forbid fused operations, so that every
// processor gives the same number.
func estimate(count *[maxRank + 1]uint16) int64 {
	z := float64(m * tau(1-float64(count[maxRank])/m))
	for k := maxRank - 1; k >= 1; k-- {
		z = 0.5 * (z + float64(count[k]))
	}
	z += float64(m * sigma(float64(count[0])/m))
	return int64(float64(alphaInf*m*m)/z + 0.5)
}

func sigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	y, z := 1.0, x
	for {
		x = x * x
		before := z
		z += float64(x * y)
		y += y
		if z == before {
			return z
		}
	}
}

func tau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	y, z := 1.0, 1-x
	for {
		x = math.Sqrt(x)
		before := z
		y *= 0.5
		z -= float64(float64((1-x)*(1-x)) * y)
		if z == before {
			return z / 3
		}
	}
}

// SketchedAlike reports whether sketches count two values alike: in the same register, with the same rank.
func SketchedAlike(a, b uint64) bool {
	i, rank := register(short(a))
	j, same := register(short(b))
	return i == j && rank == same
}
