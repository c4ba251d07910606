package store

import "context"

type thenKey struct{}

// Then returns a context under which every command that emits something also runs after, last and in the same
// transaction, with what it emitted. An error of after undoes the command.
func Then(ctx context.Context, after func(tx *Tx, emitted []Entry) error) context.Context {
	return context.WithValue(ctx, thenKey{}, after)
}

// followed is fn with what [Then] asked for under ctx.
func followed(ctx context.Context, fn func(*Tx) error) func(*Tx) error {
	after, ok := ctx.Value(thenKey{}).(func(*Tx, []Entry) error)
	if !ok {
		return fn
	}
	return func(tx *Tx) error {
		var emitted []Entry
		tx.emitted = &emitted
		if err := fn(tx); err != nil {
			return err
		}
		tx.emitted = nil
		if len(emitted) == 0 {
			return nil
		}
		return after(tx, emitted)
	}
}
