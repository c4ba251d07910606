package velocity

import (
	"time"

	"qingyuan"
)

// Stream is the place of a stream in [Config].Streams. Each stream keeps one history per key.
type Stream uint32

// Key is the blind index of an entity.
type Key [16]byte

// Item is one contribution to the history of a key.
type Item struct {
	At       int64  // effective time, µs since 1970 UTC; items outside the years 1970–9999 are ignored
	Seq      int64  // sequence number of the event it came from
	Value    int64  // what Sum adds up; sums wrap around like any int64
	Distinct uint64 // hash of the value that Distinct counts; 0 means none
}

// compare orders items by time, then sequence; the other fields make the order total, so that a history is the same
// whatever the order its items came in.
func (it Item) compare(o Item) int {
	switch {
	case it.At != o.At:
		return order(it.At < o.At)
	case it.Seq != o.Seq:
		return order(it.Seq < o.Seq)
	case it.Value != o.Value:
		return order(it.Value < o.Value)
	case it.Distinct != o.Distinct:
		return order(it.Distinct < o.Distinct)
	}
	return 0
}

func order(less bool) int {
	if less {
		return -1
	}
	return 1
}

// Result is the answer to a query. Exact is false where the answer counts whole buckets, where it estimates distinct
// values, and where the window reaches back beyond what the stream keeps.
type Result struct {
	N     int64
	Exact bool
}

// Config says which streams to keep.
type Config struct {
	Streams []StreamConfig
}

// StreamConfig describes one stream.
type StreamConfig struct {
	ID      string        // stable name, unique, 1–256 bytes: snapshots find streams by it
	Longest time.Duration // items older than this before the watermark are forgotten; one minute to [MaxLongest]
}

// Limits of a [StreamConfig].
const (
	MinLongest = time.Minute
	MaxLongest = 100 * 24 * time.Hour // ninety days and room for late events
	maxID      = 256
	maxStreams = 1 << 16
)

const (
	maxAt   = 253402300800e6 - 1 // the last microsecond of the year 9999
	unseen  = -1                 // the watermark of a stream that has seen nothing
	minute  = int64(time.Minute / time.Microsecond)
	hour    = 60 * minute
	day     = 24 * hour
	perScan = 8 // table slots swept per added item
	hotScan = 8 // added items per swept hot key
)

// layout is the shape of what is kept per key. A snapshot can be restored only into the layout it was made with.
type layout struct {
	exact int    // items kept exactly per key
	tiers []tier // finest first; the last reaches back to the horizon of the stream
}

// tier is a row of buckets of one width that reaches back the given number of buckets before the watermark's bucket.
type tier struct {
	width   int64 // µs
	buckets int64
}

// standard is the layout of production. The spare buckets (80 rather than 60 minutes, 26 rather than 24 hours, 8 rather
// than 7 days) keep late events in the tier of the windows that people use.
func standard() layout {
	return layout{exact: maxExact, tiers: []tier{{minute, 80}, {15 * minute, 104}, {2 * hour, 96}, {day, 101}}}
}

// Windows holds the windows of one tenant.
type Windows struct {
	layout  layout
	streams []stream
	items   slab[Item]
	buckets slab[bucket]
	values  slab[uint32]
	dense   slab[registers]
	unions  slab[cached]
	hot     slab[hotKey]
	journal journal
	hotNext uint32 // the hot key swept last
	hotOwed int    // added items not yet paid for with a look at a hot key
	clock   uint32 // counts uses of cached unions
	raised  []raised
	seen    [2 * maxExact]uint64
}

// stream is the state of one stream.
type stream struct {
	StreamConfig
	index   Stream
	longest int64  // µs
	tiers   []tier // as many of the layout's tiers as reach back to longest
	mark    int64  // watermark: the latest At seen
	keys    table
	scan    slot // next slot to sweep
	owed    int  // items added since the last sweep
	stats   StreamStats
}

// horizon is the time before which the stream has forgotten everything.
func (st *stream) horizon() int64 { return st.mark - st.longest }

// oldest is the first bucket of tier t that is still kept when the watermark is mark: in the last tier the one with the
// horizon in it, in the others, which do not reach back so far, one a fixed number of buckets ago.
func (st *stream) oldest(t int, mark int64) int64 {
	if t == len(st.tiers)-1 {
		return max(mark-st.longest, 0) / st.tiers[t].width
	}
	return max(mark/st.tiers[t].width-st.tiers[t].buckets, 0)
}

// New makes empty windows.
func New(c Config) (*Windows, error) { return newWindows(c, standard()) }

func newWindows(c Config, l layout) (*Windows, error) {
	if len(c.Streams) > maxStreams {
		return nil, qingyuan.FieldErrorf("streams", "at most %d streams", maxStreams)
	}
	w := &Windows{
		layout:  l,
		streams: make([]stream, len(c.Streams)),
		items:   newSlab[Item](maxExact),
		buckets: newSlab[bucket](maxBuckets),
		values:  newSlab[uint32](maxSet),
		dense:   newSlab[registers](1),
		unions:  newSlab[cached](1),
		hot:     newSlab[hotKey](1),
	}
	ids := make(map[string]bool, len(c.Streams))
	for i, sc := range c.Streams {
		if len(sc.ID) == 0 || len(sc.ID) > maxID || ids[sc.ID] {
			return nil, qingyuan.FieldErrorf("streams.id", "stream %d: the ID must be unique and of 1 to %d bytes", i, maxID)
		}
		if sc.Longest < MinLongest || sc.Longest > MaxLongest {
			return nil, qingyuan.FieldErrorf("streams.longest", "stream %q: the longest window must be between %v and %v", sc.ID, MinLongest, MaxLongest)
		}
		ids[sc.ID] = true
		w.streams[i] = newStream(sc, Stream(i), l)
	}
	return w, nil
}

func newStream(sc StreamConfig, i Stream, l layout) stream {
	longest := sc.Longest.Microseconds()
	return stream{StreamConfig: sc, index: i, longest: longest, tiers: l.reaching(longest), mark: unseen, stats: StreamStats{ID: sc.ID}}
}

// reaching are the tiers up to the first that reaches back to longest.
func (l layout) reaching(longest int64) []tier {
	n := 1
	for n < len(l.tiers) && l.tiers[n-1].buckets*l.tiers[n-1].width < longest {
		n++
	}
	return l.tiers[:n]
}

// stream returns the stream s, or nil if there is none.
func (w *Windows) stream(s Stream) *stream {
	if int(s) >= len(w.streams) {
		return nil
	}
	return &w.streams[s]
}

// Add puts an item into the history of k. Items may come late and out of order; one that is older than the stream's
// longest window before its watermark is ignored.
func (w *Windows) Add(s Stream, k Key, it Item) {
	st := w.stream(s)
	if st == nil || it.At > maxAt || it.At < max(st.horizon(), 0) {
		return
	}
	if it.At > st.mark {
		w.log(entry{op: opWatermark, stream: s, item: Item{At: st.mark}})
		st.mark = it.At
	}
	r := st.keys.add(k)
	r.last = max(r.last, uint32(it.At/minute))
	w.keep(history{st, k, r}, it)
	st.owed++
	if !w.journal.on {
		w.sweep(st, st.mark)
	}
}

// Remove takes back an item added earlier, for a correction. While the item is kept exactly the history is afterwards as
// if it had never been added. Once it is in buckets, its count and its value are taken back and its distinct value is
// not. An item that was never added, or is forgotten already, must not be removed from buckets: there is no telling.
func (w *Windows) Remove(s Stream, k Key, it Item) {
	st := w.stream(s)
	if st == nil || it.At < max(st.horizon(), 0) {
		return
	}
	r := st.keys.find(k)
	if r == nil {
		return
	}
	h := history{st, k, r}
	if i, found := w.position(r, it); found {
		w.drop(h, i)
	} else if r.hot != 0 && it.At <= w.hot.at(r.hot).floor {
		w.unspill(h, it)
	}
	w.release(h)
}
