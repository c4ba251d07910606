package classify

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"

	"qingyuan"
	"qingyuan/internal/prevent/text/normal"
)

// Format is the version of the artefact format.
const Format = 1

// The limits of an artefact.
const (
	maxManifest = 1 << 20
	maxFeatures = 4 << 20
	maxLabels   = 64
)

var magic = []byte("QYTEXT1\n")

// Manifest says what a model is and what it was made from. It stands in clear at the head of the artefact.
type Manifest struct {
	Format      int         `json:"format"`
	Name        string      `json:"name"`
	Labels      []string    `json:"labels"`
	Positive    []string    `json:"positive"`  // the classes that count as suspicious
	Threshold   float64     `json:"threshold"` // of the sum of their probabilities
	Calibration Calibration `json:"calibration"`
	Features    int         `json:"features"`
	Scales      []float64   `json:"scales"` // weight = scale · stored integer, by output
	Bias        []float64   `json:"bias"`
	Options     Options     `json:"options"`
	Data        []Source    `json:"data"`
	Clean       Report      `json:"cross_validated"` // figures on clean training rows, each scored by a model that never saw its group
	BodySHA256  string      `json:"body_sha256"`
}

// Source is a training file.
type Source struct {
	SHA256 string `json:"sha256"`
	Rows   int    `json:"rows"`
}

// idfUnit is the step in which inverse document frequencies are stored.
const idfUnit = 1.0 / 2048

// Save writes the artefact: magic, length of the manifest, manifest, hashes, frequencies, weights. hashes are ascending.
func (m *Model) Save(w io.Writer) error {
	manifest, err := json.Marshal(m.manifest)
	if err != nil {
		return err
	}
	head := binary.LittleEndian.AppendUint32(slices.Clone(magic), uint32(len(manifest)))
	for _, part := range [][]byte{head, manifest, m.body()} {
		if _, err := w.Write(part); err != nil {
			return qingyuan.Wrap(qingyuan.Unavailable, err, "the model cannot be written")
		}
	}
	return nil
}

func (m *Model) body() []byte {
	hashes := make([]uint64, len(m.idf))
	for i, id := range m.index.ids {
		if id >= 0 {
			hashes[id] = m.index.keys[i]
		}
	}
	var b []byte
	for _, h := range hashes {
		b = binary.LittleEndian.AppendUint64(b, h)
	}
	for _, v := range m.idf {
		b = binary.LittleEndian.AppendUint16(b, uint16(math.Round(float64(v)/idfUnit)))
	}
	for _, q := range m.weights {
		b = binary.LittleEndian.AppendUint16(b, uint16(q))
	}
	return b
}

// Load reads an artefact, checks it against its manifest and its limits, and makes the model. n must be the normaliser
// of this build. Damaged or foreign bytes are an Invalid error.
func Load(r io.Reader, n *normal.Normalizer) (*Model, error) {
	bad := func(format string, args ...any) error {
		return qingyuan.FieldErrorf("model", "is not usable: "+format, args...)
	}
	head := make([]byte, len(magic)+4)
	if _, err := io.ReadFull(r, head); err != nil || !bytes.Equal(head[:len(magic)], magic) {
		return nil, bad("it is not a text model of format %d", Format)
	}
	size := binary.LittleEndian.Uint32(head[len(magic):])
	if size > maxManifest {
		return nil, bad("its manifest is longer than %d bytes", maxManifest)
	}
	raw := make([]byte, size)
	if _, err := io.ReadFull(r, raw); err != nil {
		return nil, bad("its manifest is cut off")
	}
	var f Manifest
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil, bad("its manifest is not JSON")
	}
	if err := f.check(); err != nil {
		return nil, bad("%v", err)
	}
	want := int64(f.Features) * int64(10+2*outputs(len(f.Labels)))
	body, err := io.ReadAll(io.LimitReader(r, want+1))
	if err != nil || int64(len(body)) != want {
		return nil, bad("its body is not %d bytes long", want)
	}
	if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != f.BodySHA256 {
		return nil, bad("its body is not the one its manifest names")
	}
	return unpack(f, raw, body, n)
}

// check refuses a manifest whose numbers do not fit together.
func (f *Manifest) check() error {
	out := outputs(len(f.Labels))
	switch {
	case f.Format != Format:
		return fmt.Errorf("its format is %d, not %d", f.Format, Format)
	case len(f.Labels) < 2 || len(f.Labels) > maxLabels || !slices.IsSorted(f.Labels):
		return fmt.Errorf("it has %d labels, or they are not in order", len(f.Labels))
	case f.Features < 1 || f.Features > maxFeatures:
		return fmt.Errorf("it has %d features", f.Features)
	case len(f.Calibration.Bias) != len(f.Labels) || len(f.Scales) != out || len(f.Bias) != out:
		return fmt.Errorf("its calibration or scales do not fit its labels")
	}
	if err := f.Options.Grams.check(); err != nil {
		return err
	}
	for _, p := range f.Positive {
		if !slices.Contains(f.Labels, p) {
			return fmt.Errorf("its positive class %q is not a label", p)
		}
	}
	return nil
}

func unpack(f Manifest, raw, body []byte, n *normal.Normalizer) (*Model, error) {
	hashes := make([]uint64, f.Features)
	for i := range hashes {
		hashes[i] = binary.LittleEndian.Uint64(body[8*i:])
		if i > 0 && hashes[i] <= hashes[i-1] {
			return nil, qingyuan.FieldErrorf("model", "is not usable: its features are not in order")
		}
	}
	body = body[8*f.Features:]
	m := &Model{manifest: f, extract: newExtractor(n, f.Options.Grams), index: newIndex(hashes), idf: make([]float32, f.Features)}
	for i := range m.idf {
		m.idf[i] = float32(float64(binary.LittleEndian.Uint16(body[2*i:])) * idfUnit)
	}
	body = body[2*f.Features:]
	m.weights = make([]int16, len(body)/2)
	for i := range m.weights {
		m.weights[i] = int16(binary.LittleEndian.Uint16(body[2*i:]))
	}
	m.seal(raw)
	return m, nil
}

// seal derives what depends on the manifest.
func (m *Model) seal(manifest []byte) {
	sum := sha256.Sum256(manifest)
	m.version = m.manifest.Name + "@" + hex.EncodeToString(sum[:])[:12]
	m.positive = make([]bool, len(m.manifest.Labels))
	for k, l := range m.manifest.Labels {
		m.positive[k] = slices.Contains(m.manifest.Positive, l)
	}
}
