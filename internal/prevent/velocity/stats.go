package velocity

// StreamStats says what a stream holds in memory just now, expired data that is not swept yet included.
type StreamStats struct {
	ID      string
	Keys    int   // entity keys
	Hot     int   // keys with more items than are kept exactly
	Items   int64 // items kept exactly
	Buckets int64
	Bytes   int64 // memory in use, without what is free for reuse
}

// Stats returns the figures of every stream, in the order of [Config].Streams.
func (w *Windows) Stats() []StreamStats {
	all := make([]StreamStats, len(w.streams))
	for i := range w.streams {
		st := &w.streams[i]
		all[i] = st.stats
		all[i].Keys = st.keys.n
		all[i].Bytes += st.keys.bytes()
	}
	return all
}
