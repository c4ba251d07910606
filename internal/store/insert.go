package store

import (
	"strconv"
	"strings"
)

// Inserter is one INSERT that a command may use through [Tx.Insert]. Rows of the same Inserter from all commands of a
// commit go to the database as multi-row statements.
type Inserter struct {
	head    string // INSERT INTO table (tenant, …) VALUES
	tail    string
	columns int // tenant included
	texts   map[Dialect]map[int]string
}

// chunks are the numbers of rows of the prepared multi-row statements, largest first.
var chunks = [...]int{32, 8, 1}

// Into describes rows of table; the tenant column is added as the first one.
func Into(table string, columns ...string) *Inserter {
	return into(table, "", columns)
}

// IntoOrIgnore is Into for rows that may exist already: a row in conflict is passed over.
func IntoOrIgnore(table string, columns ...string) *Inserter {
	return into(table, " ON CONFLICT DO NOTHING", columns)
}

func into(table, tail string, columns []string) *Inserter {
	i := &Inserter{
		head:    "INSERT INTO " + table + " (tenant, " + strings.Join(columns, ", ") + ") VALUES ",
		tail:    tail,
		columns: len(columns) + 1,
		texts:   map[Dialect]map[int]string{SQLite: {}, Postgres: {}},
	}
	for d, texts := range i.texts {
		for _, n := range chunks {
			texts[n] = i.text(d, n)
		}
	}
	return i
}

// text is the statement for a number of rows. SQLite gets nameless parameters: its driver looks every named one up in a
// list, which for many rows costs more than the insertion.
func (i *Inserter) text(d Dialect, rows int) string {
	var b strings.Builder
	b.WriteString(i.head)
	for r := range rows {
		if r > 0 {
			b.WriteByte(',')
		}
		for c := range i.columns {
			b.WriteByte("(,"[min(c, 1)])
			if d == SQLite {
				b.WriteByte('?')
				continue
			}
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(r*i.columns + c + 1))
		}
		b.WriteByte(')')
	}
	b.WriteString(i.tail)
	return b.String()
}

// pending holds the rows of one Inserter that wait for the next flush, flattened.
type pending struct {
	ins  *Inserter
	args []any
}

func (p *pending) rows() int { return len(p.args) / p.ins.columns }
