package model

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"qingyuan"
)

// The files of an artefact.
const (
	fileModel       = "model.json"       // the trees, in XGBoost's own JSON form
	fileEncoder     = "encoder.json"     // how columns become features
	fileCalibration = "calibration.json" // how a margin becomes a probability
	fileCard        = "card.json"        // the model card
	fileCardText    = "card.md"          // the same to read
	fileManifest    = "manifest.json"    // the hashes of the others
)

// decisive are the files that decide a score, in the order in which they are hashed into the version.
var decisive = [...]string{fileModel, fileEncoder, fileCalibration}

// maxFileBytes bounds every file of an artefact but the trees.
const maxFileBytes = 64 << 20

// manifestFormat is the version of the layout.
const manifestFormat = 1

// manifest ties the files of an artefact together.
type manifest struct {
	Format  int               `json:"format"`
	Version string            `json:"version"`
	SHA256  map[string]string `json:"sha256"` // by file name
}

// Artefact is a trained model and the files it is kept as.
type Artefact struct {
	*Model
	files map[string][]byte
}

// newArtefact writes the files of a model and reads them back, so that what is kept is what was checked.
func newArtefact(trees []byte, e *Encoder, c Calibration, card *Card) (*Artefact, error) {
	files := map[string][]byte{fileModel: trees}
	for name, v := range map[string]any{fileEncoder: e, fileCalibration: c} {
		file, err := json.MarshalIndent(v, "", " ")
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", name, err)
		}
		files[name] = file
	}
	card.Version = versionOf(files)
	file, err := json.MarshalIndent(card, "", " ")
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", fileCard, err)
	}
	files[fileCard], files[fileCardText] = file, card.Markdown()
	list := manifest{Format: manifestFormat, Version: card.Version, SHA256: map[string]string{}}
	for name, file := range files {
		list.SHA256[name] = hashOf(file)
	}
	if files[fileManifest], err = json.MarshalIndent(list, "", " "); err != nil {
		return nil, fmt.Errorf("write %s: %w", fileManifest, err)
	}
	m, err := assemble(files)
	if err != nil {
		return nil, fmt.Errorf("read back the model just trained: %w", err)
	}
	return &Artefact{Model: m, files: files}, nil
}

// Files are the files of the artefact by name. They must not be changed.
func (a *Artefact) Files() map[string][]byte { return a.files }

// Save writes the artefact into a directory, which is made if need be. The manifest is written last: a directory that
// Load accepts is complete.
func (a *Artefact) Save(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return qingyuan.Wrap(qingyuan.Invalid, err, "the output directory cannot be made")
	}
	manifest := filepath.Join(dir, fileManifest)
	if err := os.Remove(manifest); err != nil && !os.IsNotExist(err) {
		return qingyuan.Wrap(qingyuan.Invalid, err, "the output directory cannot be written")
	}
	for name, file := range a.files {
		if name == fileManifest {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), file, 0o644); err != nil {
			return qingyuan.Wrap(qingyuan.Invalid, err, "the output directory cannot be written")
		}
	}
	if err := os.WriteFile(manifest+".new", a.files[fileManifest], 0o644); err != nil {
		return qingyuan.Wrap(qingyuan.Invalid, err, "the output directory cannot be written")
	}
	return os.Rename(manifest+".new", manifest)
}

// Load reads an artefact from a directory and verifies every file against the manifest.
func Load(dir string) (*Model, error) { return LoadFS(os.DirFS(dir)) }

// LoadFS is Load from any file system.
func LoadFS(fsys fs.FS) (*Model, error) {
	files, err := readFiles(fsys)
	if err != nil {
		return nil, err
	}
	return assemble(files)
}

// readLimited reads one file of an artefact.
func readLimited(fsys fs.FS, name string) ([]byte, error) {
	limit := int64(maxFileBytes)
	if name == fileModel {
		limit = maxModelBytes
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, qingyuan.Wrap(qingyuan.NotFound, err, "the model directory has no "+name)
	}
	defer f.Close()
	file, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, qingyuan.Wrap(qingyuan.Internal, err, "the model's "+name+" cannot be read")
	}
	if int64(len(file)) > limit {
		return nil, qingyuan.Errorf(qingyuan.Invalid, "the model's %s is larger than %d bytes", name, limit)
	}
	return file, nil
}

// assemble verifies the files of an artefact and makes the model of them.
func assemble(files map[string][]byte) (*Model, error) {
	var list manifest
	if err := decode(files, fileManifest, &list); err != nil {
		return nil, err
	}
	if list.Format != manifestFormat {
		return nil, qingyuan.Errorf(qingyuan.Invalid, "the model's layout has version %d; this program reads %d", list.Format, manifestFormat)
	}
	for name, file := range files {
		if name != fileManifest && list.SHA256[name] != hashOf(file) {
			return nil, qingyuan.Errorf(qingyuan.Invalid, "the model's %s is not the file that was trained: its hash differs from the manifest", name)
		}
	}
	if list.Version != versionOf(files) {
		return nil, qingyuan.Errorf(qingyuan.Invalid, "the model's manifest names another version")
	}
	var e Encoder
	var c Calibration
	var card Card
	for name, v := range map[string]any{fileEncoder: &e, fileCalibration: &c, fileCard: &card} {
		if err := decode(files, name, v); err != nil {
			return nil, err
		}
	}
	if err := e.prepare(); err != nil {
		return nil, err
	}
	if err := card.Baseline.check(); err != nil {
		return nil, err
	}
	f, err := readForest(files[fileModel])
	if err != nil {
		return nil, err
	}
	return newModel(&e, f, c, &card, list.Version)
}

// decode reads one JSON file of an artefact.
func decode(files map[string][]byte, name string, v any) error {
	if err := json.Unmarshal(files[name], v); err != nil {
		return qingyuan.Wrap(qingyuan.Invalid, err, "the model's "+name+" is damaged")
	}
	return nil
}

// hashOf is the hash of a file.
func hashOf(file []byte) string {
	sum := sha256.Sum256(file)
	return hex.EncodeToString(sum[:])
}

// versionOf is the version of the model in the files.
func versionOf(files map[string][]byte) string {
	h := sha256.New()
	for _, name := range decisive {
		fmt.Fprintf(h, "%s %s\n", hashOf(files[name]), name)
	}
	return "mdl_" + hex.EncodeToString(h.Sum(nil))[:32]
}
