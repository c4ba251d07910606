package velocity

// Mark is a point in time to which [Windows.RollbackTo] can return.
type Mark int64

// op says what an entry of the journal did.
type op uint8

const (
	opWatermark op = iota // moved the watermark; item.At was the old one
	opInsert              // put item among those kept exactly
	opDrop                // took item out of those kept exactly
	opHeat                // gave the key a hot part
	opCool                // took the hot part away; item.At was its floor
	opFloor               // moved the floor; item.At was the old one
	opPut                 // counted item in a bucket; change says what that did to the sketch
	opTake                // took item back from a bucket
	opClear               // deleted a bucket that counted item.Seq items worth item.Value; its sketch is the last of saved
	opDense               // turned the set of a bucket into registers; the set is the last of saved
)

// entry is one step of the journal: enough to take it back.
type entry struct {
	op       op
	tier     uint8
	change   change
	rank     uint8  // changeRank: what the register was before
	register uint16 // changeRank: which
	bucket   uint32
	stream   Stream
	key      Key
	item     Item
}

// change says what counting an item did to the sketch of the bucket.
type change uint8

const (
	changeNone  change = iota
	changeValue        // put a value into the set
	changeRank         // raised a register
)

// sketch is a saved sketch: a set of hashes, or registers.
type sketch struct {
	set  []uint32
	regs *registers
}

// journal holds how to undo what was done since the earliest mark that is not forgotten.
type journal struct {
	on      bool // since the first mark
	base    Mark // of the first entry
	entries []entry
	saved   []sketch
}

func (w *Windows) log(e entry) {
	if w.journal.on {
		w.journal.entries = append(w.journal.entries, e)
	}
}

// Mark notes the present state, so that RollbackTo can return to it until Forget lets go of it. From the first mark on
// everything is journaled, and the caller must call Forget from time to time; a rebuild does without marks.
func (w *Windows) Mark() Mark {
	w.journal.on = true
	return w.journal.base + Mark(len(w.journal.entries))
}

// RollbackTo undoes everything done since m, in reverse order: the state is then as if it had never happened. Marks made
// after m are no longer valid. A mark that is forgotten already cannot be returned to; then nothing happens and the answer is false.
func (w *Windows) RollbackTo(m Mark) bool {
	j := &w.journal
	if !j.on || m < j.base || m > j.base+Mark(len(j.entries)) {
		return false
	}
	for n := len(j.entries); n > int(m-j.base); n-- {
		e := j.entries[n-1]
		j.entries = j.entries[:n-1]
		w.undo(e)
	}
	return true
}

// Forget lets go of everything needed to return to before m; with a fresh [Windows.Mark] that is everything. Later marks
// stay valid. Here, and on Add before the first mark, expired data is swept.
func (w *Windows) Forget(m Mark) {
	j := &w.journal
	if !j.on || m < j.base {
		return
	}
	n := min(int(m-j.base), len(j.entries))
	gone := 0
	for i := range j.entries[:n] {
		if op := j.entries[i].op; op == opClear || op == opDense {
			gone++
		}
	}
	j.entries = append(j.entries[:0], j.entries[n:]...)
	clear(j.saved[:gone])
	j.saved = append(j.saved[:0], j.saved[gone:]...)
	j.base += Mark(n)
	w.sweepAll()
}

// safeMark is the lowest watermark of st that a rollback could still return to.
func (w *Windows) safeMark(st *stream) int64 {
	for i := range w.journal.entries {
		if e := &w.journal.entries[i]; e.op == opWatermark && e.stream == st.index {
			return e.item.At
		}
	}
	return st.mark
}

// undo takes one entry back. What it looks for may have been swept meanwhile; then it was beyond every horizon a rollback
// can return to, and there is nothing to take back.
func (w *Windows) undo(e entry) {
	st := &w.streams[e.stream]
	var saved sketch
	switch e.op {
	case opWatermark:
		st.mark = e.item.At
		return
	case opClear, opDense:
		n := len(w.journal.saved) - 1
		saved, w.journal.saved = w.journal.saved[n], w.journal.saved[:n]
	}
	h := history{st, e.key, st.keys.find(e.key)}
	if h.r == nil && (e.op == opDrop || e.op == opCool) {
		h.r = st.keys.add(e.key)
	}
	switch {
	case h.r == nil:
		return
	case e.op == opInsert:
		if i, found := w.position(h.r, e.item); found {
			w.cutItems(h, i, i+1)
		}
	case e.op == opDrop:
		i, _ := w.position(h.r, e.item)
		w.insertItem(h, i, e.item)
	case e.op == opCool:
		w.heat(h).floor = e.item.At
	case h.r.hot != 0:
		w.undoHot(h, e, saved)
	}
	if e.op == opDrop || e.op == opCool {
		h.r.last = max(h.r.last, uint32(max(st.mark, 0)/minute)) // nothing kept can be later
	}
	w.release(h)
}
