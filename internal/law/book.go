package law

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"qingyuan"
)

//go:embed data/*.yaml
var shipped embed.FS

// maxFile bounds a file of law data, in bytes.
const maxFile = 4 << 20

// Book is a set of law data. It is immutable.
type Book struct {
	clocks      []*Clock
	articles    []*Article
	charges     []*Charge
	conduct     []*Conduct
	years       map[int]*CalendarYear
	provisional bool
}

// file is one YAML file; every part may be left out.
type file struct {
	Clocks   []*Clock        `yaml:"clocks"`
	Articles []*Article      `yaml:"articles"`
	Charges  []*Charge       `yaml:"charges"`
	Conduct  []*Conduct      `yaml:"conduct"`
	Calendar []*CalendarYear `yaml:"calendar"`
}

// Load reads the shipped data, then *.yaml of own where that is not nil. Errors: invalid, naming the file and what is wrong.
func Load(own fs.FS) (*Book, error) {
	b := &Book{years: map[int]*CalendarYear{}}
	if err := b.read(shipped, "data/*.yaml", false); err != nil {
		return nil, err
	}
	if own != nil {
		if err := b.read(own, "*.yaml", true); err != nil {
			return nil, err
		}
	}
	sortVersions(b.clocks)
	sortVersions(b.articles)
	sortVersions(b.charges)
	sortVersions(b.conduct)
	return b, nil
}

func (b *Book) read(files fs.FS, pattern string, own bool) error {
	names, err := fs.Glob(files, pattern)
	if err != nil {
		return err
	}
	for _, name := range names {
		text, err := readLimited(files, name)
		if err == nil {
			err = b.add(text, own)
		}
		if err != nil {
			return qingyuan.Errorf(qingyuan.Invalid, "law data %s: %v", name, err)
		}
	}
	return nil
}

func readLimited(files fs.FS, name string) ([]byte, error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("larger than %d bytes", maxFile)
	}
	return text, err
}

// add adds one file's entries.
func (b *Book) add(text []byte, own bool) error {
	var f file
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	for _, c := range f.Clocks {
		if c == nil {
			return errors.New("an empty clock")
		}
		if err := c.check(); err != nil {
			return err
		}
	}
	for _, y := range f.Calendar {
		if y == nil {
			return errors.New("an empty calendar year")
		}
		if err := y.index(); err != nil {
			return err
		}
		y.Own = own
		b.years[y.Year] = y
	}
	return errors.Join(merge(&b.clocks, f.Clocks, own), merge(&b.articles, f.Articles, own), merge(&b.charges, f.Charges, own), merge(&b.conduct, f.Conduct, own))
}

// headed is an entry with a head.
type headed interface {
	comparable
	head() *Head
}

// merge adds entries; one with the same id and date takes the other's place.
func merge[E headed](into *[]E, more []E, own bool) error {
	var none E
	for _, e := range more {
		if e == none {
			return errors.New("an empty entry")
		}
		h := e.head()
		h.Own = own
		if h.ID == "" || len(h.ID) > 100 || h.Source.Text == "" || h.Title.ZH == "" || h.Title.EN == "" || h.From == 0 || h.To != 0 && h.To <= h.From {
			return fmt.Errorf("%q needs an id, a title in both languages, a source and the date from which it is in force", h.ID)
		}
		i := slices.IndexFunc(*into, func(o E) bool { return o.head().ID == h.ID && o.head().From == h.From })
		switch {
		case i >= 0 && !own:
			return fmt.Errorf("%s is there twice from %s", h.ID, h.From)
		case i >= 0:
			(*into)[i] = e
		default:
			*into = append(*into, e)
		}
	}
	return nil
}

func sortVersions[E headed](all []E) {
	slices.SortStableFunc(all, func(a, b E) int {
		if c := strings.Compare(a.head().ID, b.head().ID); c != 0 {
			return c
		}
		return int(a.head().From - b.head().From)
	})
}

// asOf is the version of id in force on d.
func asOf[E headed](all []E, id string, d Date) (found E, err error) {
	known := false
	for _, e := range all { // versions are in order: the last that fits is the newest
		if e.head().ID == id {
			known = true
			if e.head().in(d) {
				found = e
			}
		}
	}
	var none E
	if found != none {
		return found, nil
	}
	if known {
		return none, qingyuan.Errorf(qingyuan.NotFound, "%s was not in force on %s", id, d)
	}
	return none, qingyuan.Errorf(qingyuan.NotFound, "there is no %q among the law data", id)
}

// Clock is the clock in force on d. Errors: not_found.
func (b *Book) Clock(id string, d Date) (*Clock, error) { return asOf(b.clocks, id, d) }

// Article is the article in force on d. Errors: not_found.
func (b *Book) Article(id string, d Date) (*Article, error) { return asOf(b.articles, id, d) }

// Charge is the charge in force on d. Errors: not_found.
func (b *Book) Charge(id string, d Date) (*Charge, error) { return asOf(b.charges, id, d) }

// Clocks lists every version of every clock, by id and date.
func (b *Book) Clocks() []*Clock { return b.clocks }

// Articles lists every version of every article, by id and date.
func (b *Book) Articles() []*Article { return b.articles }

// Charges lists every version of every charge, by id and date.
func (b *Book) Charges() []*Charge { return b.charges }

// Conduct lists every version of every rule of conduct, by id and date.
func (b *Book) Conduct() []*Conduct { return b.conduct }

// Years lists the years whose notice is known, in order.
func (b *Book) Years() []*CalendarYear {
	var all []*CalendarYear
	for _, y := range b.years {
		all = append(all, y)
	}
	slices.SortFunc(all, func(a, b *CalendarYear) int { return a.Year - b.Year })
	return all
}
